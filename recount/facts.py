"""From rows to accepted events, and the basic types of every KPI: dated facts and figures."""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from models.record import BOT, UNKNOWN_TYPE, Block, Refusal, Row
from recount.windows import Window, midnight

Item = Row | Refusal
Dims = Mapping[str, str]
NO_DIMS: Final[Dims] = {}
UNKNOWN: Final = "unknown"


class Fact(NamedTuple):
    """Something that counts: when, in which segments (one value per dimension), and what."""

    at: int
    dims: Dims
    what: Any = None


Source = Callable[[Window], list[Fact]]


@dataclass(frozen=True)
class Figure:
    """One number. Money stays an exact fraction of major units until it is formatted."""

    value: Fraction | int | float | None
    numerator: Fraction | int | float | None
    denominator: Fraction | int | float | None
    n: int
    unpriced: int = 0
    parts: dict[str, Any] = field(default_factory=dict)
    margin: float | None = None
    open: int | None = None
    bound: Fraction | int | float | None = None
    mixed: bool = False  # combines values that can't be added up


def tally(facts: Sequence[Fact]) -> Figure:
    """The number of facts."""
    return Figure(len(facts), len(facts), None, len(facts))


def ratio(numerator: int | Fraction, denominator: int | Fraction, n: int | None = None) -> Figure:
    """A quotient of two sums; null if the denominator is 0."""
    value = Fraction(numerator) / Fraction(denominator) if denominator else None
    return Figure(value, numerator, denominator, int(denominator) if n is None else n)


def share(numerator: Sequence[Fact], denominator: Sequence[Fact]) -> Figure:
    """The length of one list over that of another."""
    return ratio(len(numerator), len(denominator))


def with_guests(figure: Figure, guests: Sequence[Fact]) -> Figure:
    """A figure together with the number of guest orders."""
    return replace(figure, parts={"guests": len(guests)})


def placed(items: Iterable[Item], tz: str) -> list[Item]:
    """Items with dates without a time replaced by the start of that day in the tenant's zone."""
    return [_placed(item, ZoneInfo(tz)) if isinstance(item, Row) else item for item in items]


def _placed(row: Row, zone: ZoneInfo) -> Row:
    field = {"deal": "closed_at", "subscription": "effective_at", "renewal": "due_at"}.get(row.type.split(".")[1])
    given = None if field is None or row.flags & UNKNOWN_TYPE else row.data.get(field)
    if field is None or not isinstance(given, str):
        return row
    kept = {name: value for name, value in row.data.items() if name != field}
    day = day_named(given)  # earlier releases accepted other text unchecked: it still means nothing
    return row._replace(data=kept if day is None else {**kept, field: midnight(day, zone)})


def day_named(text: str) -> date | None:
    """The date in a YYYY-MM-DD text; None for other text."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def dated(facts: Iterable[Fact]) -> Source:
    """Facts of a flow: in a window if and only if their instant is."""
    ordered = sorted(facts, key=attrgetter("at"))
    instants = [fact.at for fact in ordered]

    def pick(window: Window) -> list[Fact]:
        return ordered[bisect_left(instants, window.low) : bisect_left(instants, window.end)]

    return pick


def remembered(pick: Source) -> Source:
    """The same source, computed once per window."""
    seen: dict[Window, list[Fact]] = {}

    def again(window: Window) -> list[Fact]:
        if window not in seen:
            seen[window] = pick(window)
        return seen[window]

    return again


def only(pick: Source, test: Callable[[Fact], bool]) -> Source:
    """The facts of a source that pass a test."""
    return lambda window: [fact for fact in pick(window) if test(fact)]


def text(value: object) -> str | None:
    """A segment value as text of at most 200 characters; None if missing, or a list or object."""
    if value is None or value == "" or isinstance(value, list | dict):
        return None
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":")))[:200]


def inner(data: Mapping[str, Any], group: str, name: str) -> str | None:
    """``data.<group>.<name>`` as text."""
    found = data.get(group)
    return text(found.get(name)) if isinstance(found, Mapping) else None


class Accepted(NamedTuple):
    """The deduplicated input: the events that count, and when the others were received."""

    rows: list[Row]
    duplicates: list[int]
    conflicts: list[int]
    refused: list[int]

    @property
    def countable(self) -> list[Row]:
        """Rows that make facts: not from robots, and of a known type."""
        return [row for row in self.rows if not row.flags & (BOT | UNKNOWN_TYPE)]


def undated(row: Row) -> bool:
    """Whether it is a deal creation at an unknown time."""
    return row.type == "crm.deal.created" and row.data.get("time_known") is False


def accept(items: Iterable[Item], hide_from: int | None) -> Accepted:
    """Keep the first event of each identity, and nothing at or after ``hide_from``."""
    kept: dict[int, Row] = {}
    found = Accepted([], [], [], [])
    for item in items:
        if isinstance(item, Refusal):
            found.refused.append(item.received)
        elif hide_from is not None and item.time >= hide_from and not undated(item):
            continue
        elif item.identity not in kept:
            kept[item.identity] = item
            found.rows.append(item)
        else:
            same = kept[item.identity].content == item.content
            (found.duplicates if same else found.conflicts).append(item.received)
    return found


def from_blocks(blocks: Iterable[Block]) -> list[Item]:
    """The items of one tenant's journal blocks, in order, without redelivered origins."""
    highest: dict[tuple[str, int], int] = {}
    items: list[Item] = []
    for block in blocks:
        origin = (block["topic"], block["partition"])
        inside: list[Item] = [Row(*row) for row in block["rows"]]
        inside += [Refusal(*refusal) for refusal in block["refused"]]
        items += sorted((i for i in inside if i.offset > highest.get(origin, -1)), key=attrgetter("offset"))
        highest[origin] = max([highest.get(origin, -1), *(item.offset for item in inside)])
    return items
