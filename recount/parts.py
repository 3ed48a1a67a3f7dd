"""What remains of events with unpicked ids: each part belongs to the id or object it is counted for."""

from collections.abc import Mapping
from typing import Any, Final

from models.record import Row
from recount.identity import GONE, UNCLAIMED, is_gone, nodes, objects

TAKEN: Final = "(taken)"  # objects removed from an event
OF_OBJECTS: Final = {
    "deal": "deal", "order": "order", "subscription": "subscription", "renewal": "contract", "record": "record",
    "ticket": "ticket",
}  # fmt: skip
ACTS: Final = ("email", "page", "link", "form", "call", "meeting", "chat", "social", "survey")


def entity(row: Row) -> str:
    """The entity of an event's type."""
    return row.type.split(".")[1]


def with_taken(data: Mapping[str, Any], unclaimed: set[str], taken: set[str]) -> dict[str, Any]:
    """An event's data without its ownership of some kinds of objects, and without others entirely."""
    found = dict(data)
    for name, kinds in ((UNCLAIMED, unclaimed), (TAKEN, taken)):
        if kinds:
            found[name] = [*found.get(name, []), *sorted(kinds)]
    return found


def own(row: Row) -> bool:
    """Whether the part counted for the event's first id, else for its first object, remains."""
    if ids := nodes(row.data):
        return not is_gone(ids[0])
    for kind, text in objects(row.data):
        return text != GONE and kind not in row.data.get(TAKEN, ())
    return True


def acts(row: Row, *, account: bool) -> bool:
    """Whether the person's act remains: the contact's, in accounts the user, lead or visitor's, else the first id's."""
    if row.data.get("contact_id"):
        return bool(row.data["contact_id"] != GONE)
    known = [f"{space}_id" for space in ("user", "lead", "anonymous") if row.data.get(f"{space}_id")]
    return own(row) and not (account and known and row.data[known[0]] == GONE)


def of_object(row: Row, kind: str) -> bool:
    """Whether its statement on an object of this kind remains."""
    return kind not in row.data.get(TAKEN, ())


def of_lead(row: Row) -> bool:
    """Whether its statement on its lead remains."""
    return bool(row.data.get("lead_id") != GONE)


def main(row: Row, *, account: bool) -> bool:
    """Whether the main statement of an event of its type remains."""
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
