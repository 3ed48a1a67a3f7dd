"""Notes on accepted events that look like mistakes: near-miss names, and amounts without a currency."""

from collections.abc import Container, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, get_type_hints

import orjson

from models.events import PREFIX, SHAPES
from models.record import UNKNOWN_TYPE, UNPRICED, Row
from models.refused import Rejection

ALIKE: Final = 0.85  # for difflib: one letter added, missing or different in a longer word
ENVELOPE: Final = ("id", "source", "type", "time", "tenantid", "data", "sentat", "recordedtime")
BOUGHT: Final = ("crm.order.", "crm.subscription.")
SHOWN: Final = 10  # different notes shown
FIELDS: Final = {type_: get_type_hints(shape) for type_, shape in SHAPES.items()}
MOST: Final = 1_000  # different notes counted: a file may contain any number of names


class Notes:
    """Notes on events: each once, with its first place and its count."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int]] = {}

    def add(self, row: Row, place: str) -> None:
        """Check an accepted event."""
        for text in noticed(row):
            first, count = self._found.get(text, (place, 0))
            if count or len(self._found) < MOST:
                self._found[text] = first, count + 1

    def lines(self) -> Iterator[str]:
        """The most frequent notes first."""
        found = sorted(self._found.items(), key=lambda item: -item[1][1])
        for text, (place, count) in found[:SHOWN]:
            yield f"{place}: {text}" + (f" ({count:,} events)" if count > 1 else "")
        if len(found) > SHOWN:
            yield f"… and {len(found) - SHOWN:,} more names that look like typing errors"


def noticed(row: Row) -> Iterator[str]:
    """Possible mistakes in an accepted event, in words."""
    if row.flags & UNKNOWN_TYPE:
        if near := near_type(row.type):
            yield f"type {row.type} is in no KPI: did you mean {near}?"
        return
    if row.flags & UNPRICED:
        yield f"{row.type} has an amount without a currency, which no sum of money counts: add currency"
    if strange := row.data.keys() - FIELDS[row.type].keys():
        yield from slips(strange, tuple(FIELDS[row.type]), row.data)


def slips(strange: Iterable[str], known: tuple[str, ...], given: Container[str]) -> Iterator[str]:
    """Unknown names that resemble a known one which is not also present."""
    for name in sorted(strange):
        near = near_name(name, known)
        if near and near not in given:
            yield f"{name} is not read: did you mean {near}?"


@lru_cache(maxsize=4096)  # a file repeats the same few names in every line
def near_name(name: str, known: tuple[str, ...]) -> str | None:
    """The known name that ``name`` is a typo of: different separators, swapped letters, one wrong letter."""
    plain = _plain(name)
    same = [one for one in known if _plain(one) == plain or sorted(one) == sorted(name)]
    return next(iter(same or get_close_matches(name, known, n=1, cutoff=ALIKE)), None)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def near_type(name: str) -> str | None:
    """The type that a name is a typo of, with or without prefix."""
    return near_name(name if name.startswith(PREFIX) else PREFIX + name, tuple(SHAPES))


def meant(rejection: Rejection) -> str:
    """A hint for a refused event: `` (did you mean deal_id by dealid?)``, or empty."""
    head = _object(rejection.record.value)
    given = head.get("type")
    if rejection.field == "type" and isinstance(given, str):
        near = near_type(given)
        return f" (did you mean {near}?)" if near else ""
    if rejection.reason != "missing_field" or rejection.field is None:
        return ""
    inside = head if rejection.field in ENVELOPE else head.get("data")
    strange = inside.keys() - FIELDS.get(str(given), {}).keys() if isinstance(inside, dict) else ()
    near = next((name for name in sorted(strange) if near_name(name, (rejection.field,))), None)
    return f" (did you mean {rejection.field} by {near}?)" if near else ""


def beside(head: Mapping[str, Any]) -> Iterator[str]:
    """Envelope attributes of a sent event that resemble one of the contract."""
    return slips(head.keys() - set(ENVELOPE), ENVELOPE, head)


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def unused_deals(tenant: str, types: Iterable[str], revenue_from: str) -> str | None:
    """A note if won deals do not count as revenue under a tenant's settings and there is no other; otherwise None."""
    known = set(types)
    if revenue_from != "orders" or "crm.deal.won" not in known or any(one.startswith(BOUGHT) for one in known):
        return None
    return (
        f'tenant {tenant} has won deals and no orders: with revenue_from = "orders" they are no revenue and make nobody'
        f' a customer. Set revenue_from = "deals" in its settings to count them'
    )
