"""What is left of events whose ids were unpicked: each part goes with the id or object that it is counted for."""

from collections.abc import Mapping
from typing import Any, Final

from models.record import Row
from recount.identity import GONE, UNCLAIMED, is_gone, nodes, objects

TAKEN: Final = "(taken)"  # the objects of an event that were taken away
OF_OBJECTS: Final = {
    "deal": "deal", "order": "order", "subscription": "subscription", "renewal": "contract", "record": "record",
    "ticket": "ticket",
}  # fmt: skip
ACTS: Final = ("email", "page", "link", "form", "call", "meeting", "chat", "social", "survey")


def entity(row: Row) -> str:
    """What an event's type is of."""
    return row.type.split(".")[1]


def with_taken(data: Mapping[str, Any], unclaimed: set[str], taken: set[str]) -> dict[str, Any]:
    """An event's data that says of some kinds of its objects no more whose they are, and of some nothing at all."""
    found = dict(data)
    for name, kinds in ((UNCLAIMED, unclaimed), (TAKEN, taken)):
        if kinds:
            found[name] = [*found.get(name, []), *sorted(kinds)]
    return found


def own(row: Row) -> bool:
    """Whether what is counted for the event's first id, else for its first object, is left."""
    if ids := nodes(row.data):
        return not is_gone(ids[0])
    for kind, text in objects(row.data):
        return text != GONE and kind not in row.data.get(TAKEN, ())
    return True


def acts(row: Row, *, account: bool) -> bool:
    """Whether what its person did is left: the contact, in accounts the user, lead or visitor, else the first id."""
    if row.data.get("contact_id"):
        return bool(row.data["contact_id"] != GONE)
    known = [f"{space}_id" for space in ("user", "lead", "anonymous") if row.data.get(f"{space}_id")]
    return own(row) and not (account and known and row.data[known[0]] == GONE)


def of_object(row: Row, kind: str) -> bool:
    """Whether what it says of its object of a kind is left."""
    return kind not in row.data.get(TAKEN, ())


def of_lead(row: Row) -> bool:
    """Whether what it says of its lead is left."""
    return bool(row.data.get("lead_id") != GONE)


def told(row: Row, *, account: bool) -> bool:
    """Whether what an event of its type says in the first place is left."""
    what = entity(row)
    if what in OF_OBJECTS:
        return of_object(row, OF_OBJECTS[what])
    if what == "lead":
        return of_lead(row)
    if row.type == "crm.user.signed_in":
        return bool(row.data["user_id"] != GONE)
    if what in ("cost", "fx", "target"):
        return True
    return acts(row, account=account) if what in (*ACTS, "user") else own(row)
