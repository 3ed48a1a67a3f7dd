"""Deals: their event order, state and open times, and the lists of won, lost, open and stale deals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Any, Final

from models.record import Row
from recount.facts import UNKNOWN, Dims, Fact, Source, dated, inner, text, undated
from recount.money import Rates
from recount.windows import DAY, QUARTER_HOUR, Window, ceil_to, local_date

CLOSED: Final = ("won", "lost")
RANKS: Final = {"created": 0, "won": 2, "lost": 2, "reopened": 3, "merged": 4, "deleted": 5}
OTHER_RANK: Final = 1
CLOSINGS: Final = ("crm.deal.won", "crm.deal.lost")
GONE: Final = ("merged", "deleted")


@dataclass(frozen=True)
class Stages:
    """The stage names that mean won or lost."""

    won: frozenset[str]
    lost: frozenset[str]

    @classmethod
    def of(cls, won: Iterable[str], lost: Iterable[str]) -> "Stages":
        """From configured names; case and spaces don't matter."""
        return cls(frozenset(map(plain, won)), frozenset(map(plain, lost)))

    def meaning(self, stage: str) -> str:
        """The state a stage stands for."""
        return "won" if plain(stage) in self.won else "lost" if plain(stage) in self.lost else "open"

    def state(self, row: Row) -> str | None:
        """The state an event alone implies; None if it implies none."""
        verb = row.type.removeprefix("crm.deal.")
        if verb == "stage_changed":
            return self.meaning(str(row.data.get("to_stage")))
        return {"created": "open", "reopened": "open"}.get(verb, verb if verb in RANKS else None)


def plain(stage: str) -> str:
    """A stage name without case and spaces."""
    return "".join(stage.split()).lower()


@dataclass
class Deal:
    """The facts of one deal."""

    dims: Dims
    state: str = "open"
    created: int | None = None
    closed: int | None = None
    open_from_to: list[tuple[float, float]] = field(default_factory=list)
    event_times: list[int] = field(default_factory=list)
    closed_value: Fraction | None = None
    open_value: Fraction | None = None
    money: dict[str, Any] = field(default_factory=dict)  # the latest amount with its currency
    stages: list[tuple[float, str]] = field(default_factory=list)  # (since, stage)
    attempts: list[int] = field(default_factory=list)  # when events reported it as won

    def stage(self, at: float) -> str | None:
        """The stage according to events before an instant."""
        return next((stage for since, stage in reversed(self.stages) if since < at), None)

    def is_open(self, at: int) -> bool:
        """Whether it was open according to events before an instant."""
        return any(start < at <= end for start, end in self.open_from_to)

    def is_stale(self, at: int, days: int) -> bool:
        """Open, and without events for ``days`` (a derived instant: rounded up to the quarter hour)."""
        times = [time for time in self.event_times if time < at]
        return self.is_open(at) and bool(times) and ceil_to(max(times) + days * DAY, QUARTER_HOUR) < at


def in_order(rows: Sequence[Row]) -> list[Row]:
    """A deal's events in deal order: its first creation, then the others."""
    creations = [row for row in rows if row.type == "crm.deal.created" and not undated(row)]
    first = min(creations, key=lambda row: (row.time, row.source, row.id), default=None)
    versions = all(row.data.get("version") is not None for row in rows if row.type != "crm.deal.created")

    def key(row: Row) -> tuple[bool, bool, float, int, str, str]:
        when = row.data.get("version") if versions else row.time
        rank = RANKS.get(row.type.removeprefix("crm.deal."), OTHER_RANK)
        return (not undated(row), row is not first, -inf if when is None else when, rank, row.id, row.source)

    return sorted(rows, key=key)


@dataclass
class Step:
    """An event that sets the state of its deal, and when it takes effect; undated creations come first."""

    row: Row
    state: str
    at: float


def course(rows: Sequence[Row], stages: Stages) -> tuple[list[Row], list[Step]]:
    """A deal's events in order, up to a merge into another deal, and their effects on its state."""
    counted: list[Row] = []
    steps: list[Step] = []
    stage, close_date = "", None  # the last stage named; the last closed_at given for this or the next close
    for row in in_order(rows):
        before = steps[-1].state if steps else "open"
        if before == "merged":
            break
        counted.append(row)
        state = following(row, before, stage, stages)
        stage = stage_of(row) or stage
        if before in CLOSED and state not in (None, before):
            close_date = None
        given = row.data.get("closed_at")
        close_date = close_date if given is None else given
        if state is not None:
            dated_close = close_date if state in CLOSED else None
            steps.append(Step(row, state, -inf if undated(row) else row.time if dated_close is None else dated_close))
        elif before in CLOSED and given is not None:
            steps[-1].at = given
    return counted, steps


def stage_of(row: Row) -> str:
    """The stage an event names; empty if none."""
    return str(row.data.get("to_stage") or row.data.get("stage") or "")


def following(row: Row, before: str, stage: str, stages: Stages) -> str | None:
    """The state after an event, given the state and stage before it; None if unchanged."""
    verb, named = row.type.removeprefix("crm.deal."), stage_of(row)
    if before == "deleted" and verb not in ("created", "reopened", "merged", "deleted"):
        return None
    if verb == "created":
        return None if before in CLOSED else "open"
    if verb != "updated":
        return stages.state(row)
    if not named or plain(named) == plain(stage):
        return None
    state = stages.meaning(named)
    return None if state == before and state in CLOSED else state


def open_times(steps: Sequence[Step], created: int) -> list[tuple[float, float]]:
    """When a deal was open: each step takes effect at its instant, but never before the previous step."""
    effects: list[tuple[float, str]] = [(-inf, "open")]
    for step in steps:
        effects.append((max(effects[-1][0], step.at), step.state))
    ends = [at for at, _ in effects[1:]] + [inf]
    spans = [(max(start, created), end) for (start, state), end in zip(effects, ends, strict=True) if state == "open"]
    return [(start, end) for start, end in spans if start < end]


def stage_history(rows: Sequence[Row], steps: Sequence[Step]) -> list[tuple[float, str]]:
    """The stages named by a deal's events while it is open, each no earlier than the previous one."""
    found: list[tuple[float, str]] = []
    closings = {step.row.offset for step in steps if step.state != "open"}
    for row in rows:
        named = text(row.data.get("to_stage") or row.data.get("stage"))
        if named and row.type not in CLOSINGS and row.offset not in closings:
            at = -inf if undated(row) else row.time
            found.append((max(at, found[-1][0] if found else -inf), named))
    return found


def latest_given(rows: Sequence[Row], dimensions: Iterable[str]) -> dict[str, str]:
    """The segments of a deal: the last value given for each."""
    found: dict[str, str] = {}
    for row in rows:
        data = row.data
        values = {trait: inner(data, "traits", trait) for trait in dimensions}
        values |= {"owner": text(data.get("owner_id")), "source": text(data.get("source"))}
        values |= {"campaign": inner(data, "campaign", "name"), "pipeline": text(data.get("pipeline"))}
        found |= {name: value for name, value in values.items() if value is not None}
    return {name: found.get(name, UNKNOWN) for name in ("owner", "source", "campaign", "pipeline", *dimensions)}


def deal(rows: Sequence[Row], stages: Stages, rates: Rates, dimensions: Sequence[str]) -> Deal:
    """A deal from all its events."""
    ordered, steps = course(rows, stages)
    found = Deal(latest_given(ordered, dimensions), event_times=[row.time for row in rows if not undated(row)])
    known = [row.time for row in rows if row.type == "crm.deal.created" and not undated(row)]
    found.created = min(known) if known else None
    found.state = steps[-1].state if steps else "open"
    if found.state in CLOSED:
        found.closed = int(steps[-1].at)
    if found.created is not None:
        found.open_from_to = open_times(steps, found.created)
    found.stages = stage_history(ordered, steps)
    won_by_update = {step.row.offset for step in steps if step.state == "won" and step.row.type == "crm.deal.updated"}
    found.attempts = [row.time for row in ordered if stages.state(row) == "won" or row.offset in won_by_update]
    priced = [row.data for row in ordered if row.data.get("amount") is not None and row.data.get("currency")]
    money = found.money = priced[-1] if priced else {}
    found.closed_value = rates.price(money.get("amount"), money.get("currency"), found.closed)
    found.open_value = rates.price(money.get("amount"), money.get("currency"), found.created)
    return found


class Deals:
    """A tenant's deals, without merged or deleted ones, and the lists the KPIs count."""

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
        """Deals open at the end of a window; those with unknown creation only in ``all``."""
        return [Fact(0, d.dims, d) for d in self.kept.values() if self.counts_as_open(d, window)]

    def counts_as_open(self, found: Deal, window: Window) -> bool:
        """Whether a deal is open at a window's end."""
        if found.created is None:
            return window.name == "all" and found.state == "open"
        return found.is_open(window.end)

    def qualified(self, window: Window) -> list[Fact]:
        """Open deals whose stage at that time counts towards velocity."""
        wanted = self.qualified_stages
        return [
            fact for fact in self.open(window)
            if not wanted or plain(fact.what.stage(inf if fact.what.created is None else window.end) or "") in wanted
        ]  # fmt: skip

    def stale(self, window: Window) -> list[Fact]:
        """Deals open at a window's end without recent events."""
        return [Fact(0, d.dims, d) for d in self.kept.values() if d.is_stale(window.end, self.stale_days)]

    def days(self, found: Deal) -> int | None:
        """Local days from creation to close; None if the creation is unknown."""
        if found.created is None or found.closed is None:
            return None
        return (local_date(found.closed, self.zone) - local_date(found.created, self.zone)).days
