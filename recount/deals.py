"""Deals: their order of events, state, open times, and the KPIs' lists of won, lost, open and stale ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any, Final

from models.record import Row
from recount.facts import UNKNOWN, Dims, Fact, Source, dated, inner, text, undated
from recount.money import Rates
from recount.windows import DAY, QUARTER_HOUR, Window, ceil_to, local_date

RANKS: Final = {"created": 0, "won": 2, "lost": 2, "reopened": 3, "merged": 4, "deleted": 5}
OTHER_RANK: Final = 1
CLOSINGS: Final = ("crm.deal.won", "crm.deal.lost")
GONE: Final = ("merged", "deleted")


@dataclass(frozen=True)
class Stages:
    """Stage names that mean won or lost."""

    won: frozenset[str]
    lost: frozenset[str]

    @classmethod
    def of(cls, won: Iterable[str], lost: Iterable[str]) -> "Stages":
        """From names as written: case and spaces do not matter."""
        return cls(frozenset(map(plain, won)), frozenset(map(plain, lost)))

    def state(self, row: Row) -> str | None:
        """The state an event puts its deal in; None when it says nothing about the state."""
        verb = row.type.removeprefix("crm.deal.")
        if verb == "stage_changed":
            stage = plain(str(row.data.get("to_stage")))
            return "won" if stage in self.won else "lost" if stage in self.lost else "open"
        return {"created": "open", "reopened": "open"}.get(verb, verb if verb in RANKS else None)


def plain(stage: str) -> str:
    """A stage name without case and spaces."""
    return "".join(stage.split()).lower()


@dataclass
class Deal:
    """What is known of a deal."""

    dims: Dims
    state: str = "open"
    created: int | None = None
    closed: int | None = None
    open_from_to: list[tuple[float, float]] = field(default_factory=list)
    heard_of: list[int] = field(default_factory=list)
    closed_value: Fraction | None = None
    open_value: Fraction | None = None
    money: dict[str, Any] = field(default_factory=dict)  # the latest amount with its currency
    stages: list[tuple[float, str]] = field(default_factory=list)  # from when on it was in which

    def stage(self, at: float) -> str | None:
        """The stage by everything that happened before an instant."""
        return next((stage for since, stage in reversed(self.stages) if since < at), None)

    def is_open(self, at: int) -> bool:
        """Open by everything that happened before an instant."""
        return any(start < at <= end for start, end in self.open_from_to)

    def is_stale(self, at: int, days: int) -> bool:
        """Open, and nothing heard for so many days (a derived instant: rounded up to the quarter hour)."""
        heard = [time for time in self.heard_of if time < at]
        return self.is_open(at) and bool(heard) and ceil_to(max(heard) + days * DAY, QUARTER_HOUR) < at


def in_order(rows: Sequence[Row]) -> list[Row]:
    """A deal's events in deal order."""
    versions = all(row.data.get("version") is not None for row in rows if row.type != "crm.deal.created")

    def key(row: Row) -> tuple[bool, float, int, str, str]:
        when = row.data.get("version") if versions else row.time
        rank = RANKS.get(row.type.removeprefix("crm.deal."), OTHER_RANK)
        return (not undated(row), -inf if when is None else when, rank, row.id, row.source)

    return sorted(rows, key=key)


def instant(row: Row) -> float:
    """When an event takes effect: closings at ``closed_at`` when given, an undated creation before everything."""
    if undated(row):
        return -inf
    closed_at = row.data.get("closed_at")
    return closed_at if row.type in CLOSINGS and isinstance(closed_at, int) else row.time


def open_times(steps: Sequence[tuple[float, str]], created: int) -> list[tuple[float, float]]:
    """When a deal was open: each step takes effect at its instant, but never before the step before it."""
    effects: list[tuple[float, str]] = [(-inf, "open")]
    for at, state in steps:
        effects.append((max(effects[-1][0], at), state))
    ends = [at for at, _ in effects[1:]] + [inf]
    spans = [(max(start, created), end) for (start, state), end in zip(effects, ends, strict=True) if state == "open"]
    return [(start, end) for start, end in spans if start < end]


def stage_history(rows: Sequence[Row], stages: Stages) -> list[tuple[float, str]]:
    """The stages a deal's events name while it is open, none before the one before it."""
    found: list[tuple[float, str]] = []
    for row in rows:
        named = text(row.data.get("to_stage") or row.data.get("stage"))
        if named and row.type not in CLOSINGS and stages.state(row) in ("open", None):
            found.append((max(instant(row), found[-1][0] if found else -inf), named))
    return found


def latest_given(rows: Sequence[Row], dimensions: Iterable[str]) -> dict[str, str]:
    """The segments of a deal: the last value given of each."""
    found: dict[str, str] = {}
    for row in rows:
        data = row.data
        values = {trait: inner(data, "traits", trait) for trait in dimensions}
        values |= {"owner": text(data.get("owner_id")), "source": text(data.get("source"))}
        values |= {"campaign": inner(data, "campaign", "name"), "pipeline": text(data.get("pipeline"))}
        found |= {name: value for name, value in values.items() if value is not None}
    return {name: found.get(name, UNKNOWN) for name in ("owner", "source", "campaign", "pipeline", *dimensions)}


def deal(rows: Sequence[Row], stages: Stages, rates: Rates, dimensions: Sequence[str]) -> Deal:
    """One deal from all of its events."""
    ordered = in_order(rows)
    found = Deal(latest_given(ordered, dimensions), heard_of=[row.time for row in rows if not undated(row)])
    known = [row.time for row in rows if row.type == "crm.deal.created" and not undated(row)]
    found.created = min(known) if known else None
    steps = [(instant(row), state) for row in ordered if (state := stages.state(row))]
    found.state = steps[-1][1] if steps else "open"
    if found.state in ("won", "lost"):
        found.closed = int(steps[-1][0])
    if found.created is not None:
        found.open_from_to = open_times(steps, found.created)
    found.stages = stage_history(ordered, stages)
    priced = [row.data for row in ordered if row.data.get("amount") is not None and row.data.get("currency")]
    money = found.money = priced[-1] if priced else {}
    found.closed_value = rates.price(money.get("amount"), money.get("currency"), found.closed)
    found.open_value = rates.price(money.get("amount"), money.get("currency"), found.created)
    return found


class Deals:
    """All deals of a tenant that are not merged away or deleted, and the lists the KPIs count."""

    def __init__(
        self, rows: Iterable[Row], stages: Stages, rates: Rates, dimensions: Sequence[str], stale_days: int,
        qualified: Iterable[str] = (),
    ) -> None:  # fmt: skip
        by_id: dict[str, list[Row]] = {}
        for row in rows:
            if row.type.startswith("crm.deal."):
                by_id.setdefault(str(row.data["deal_id"]), []).append(row)
        self.zone = rates.zone
        self.stale_days = stale_days
        self.qualified_stages = set(map(plain, qualified))
        self.all = {deal_id: deal(events, stages, rates, dimensions) for deal_id, events in by_id.items()}
        self.kept = {deal_id: found for deal_id, found in self.all.items() if found.state not in GONE}
        self.won = self.closed("won")
        self.lost = self.closed("lost")

    def closed(self, state: str) -> Source:
        """Deals in a state, dated at their close."""
        found = [d for d in self.kept.values() if d.state == state and d.closed is not None]
        return dated(Fact(d.closed or 0, d.dims, d) for d in found)

    def open(self, window: Window) -> list[Fact]:
        """Deals open at the end of a window; those of unknown creation only in ``all``."""
        return [Fact(0, d.dims, d) for d in self.kept.values() if self.counts_as_open(d, window)]

    def counts_as_open(self, found: Deal, window: Window) -> bool:
        """Whether a deal is open at a window's end."""
        if found.created is None:
            return window.name == "all" and found.state == "open"
        return found.is_open(window.end)

    def qualified(self, window: Window) -> list[Fact]:
        """The open deals whose stage then counts for the velocity."""
        wanted = self.qualified_stages
        return [
            fact for fact in self.open(window)
            if not wanted or plain(fact.what.stage(inf if fact.what.created is None else window.end) or "") in wanted
        ]  # fmt: skip

    def stale(self, window: Window) -> list[Fact]:
        """Deals open at the end of a window of which nothing was heard for long."""
        return [Fact(0, d.dims, d) for d in self.kept.values() if d.is_stale(window.end, self.stale_days)]

    def days(self, found: Deal) -> int | None:
        """Local days from creation to close; None when the creation is not known."""
        if found.created is None or found.closed is None:
            return None
        return (local_date(found.closed, self.zone) - local_date(found.created, self.zone)).days
