"""Deals: their state as read from their events, and their deltas. Rules: kpi-precise "deal state"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple, TypedDict, cast

from kpis.calendar.intervals import FOREVER, Interval, intersect, union
from kpis.calendar.zone import Zone
from kpis.cells.deltas import DAY_MS, Delta, ceil_quarter, level_deltas
from kpis.facts.money import money_deltas
from kpis.identity.ids import value_of
from models.tenants import TenantSettings

RANKS: Final = {"created": 0, "won": 2, "lost": 2, "reopened": 3, "merged": 4, "deleted": 5}  # all others: 1
CLOSED: Final = ("won", "lost")
KEPT: Final = (
    "stage",
    "to_stage",
    "from_stage",
    "amount",
    "currency",
    "owner_id",
    "source",
    "pipeline",
    "closed_at",
    "traits",
    "version",
)

ATTRIBUTES: Final[tuple[Literal["owner_id", "source", "pipeline", "campaign"], ...]] = (
    "owner_id", "source", "pipeline", "campaign",
)  # fmt: skip


class DealData(TypedDict, total=False):
    """A deal event's fields: ``amount`` in minor units, ``closed_at`` in ms, ``campaign`` by name.

    ``unknown_time``: the event states that the time of creation is unknown.
    """

    stage: str
    to_stage: str
    from_stage: str
    amount: int
    currency: str
    owner_id: str
    source: str
    pipeline: str
    campaign: str
    closed_at: int
    traits: dict[str, Any]
    version: int
    unknown_time: bool


class DealEvent(NamedTuple):
    """A deal event at ``time`` ms. ``kind`` is the type without ``crm.deal.``."""

    time: int
    kind: str
    source: str
    id: str
    data: DealData
    late: bool = False

    def encode(self) -> list[Any]:
        """As stored: ``late`` only if true."""
        return [*self] if self.late else [*self[:5]]


def deal_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any], late: bool = False) -> DealEvent:
    """The fact of a deal event."""
    kept = cast(DealData, {name: data[name] for name in KEPT if data.get(name) is not None})
    if "traits" in kept:  # lists and objects cannot be values of a dimension
        kept["traits"] = {name: value for name, value in kept["traits"].items() if value_of(value) is not None}
    campaign = data.get("campaign")
    if campaign and campaign.get("name"):
        kept["campaign"] = campaign["name"]
    if kind == "created" and data.get("time_known") is False:
        kept["unknown_time"] = True
    return DealEvent(time, kind, source, id_, kept, late)


@dataclass(slots=True)
class Deal:
    """A deal's current state. Instants in ms; ``amount`` in minor units."""

    state: str = "open"
    created: int | None = None
    closed: int | None = None
    amount: int | None = None
    currency: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    states: list[tuple[int, bool]] = field(default_factory=list)  # (instant, open from then on)
    stages: list[tuple[int, str]] = field(default_factory=list)  # (instant, stage from then on)


def read_deal(events: list[DealEvent], settings: TenantSettings) -> Deal:
    """A deal's current state; the order of ``events`` does not matter."""
    reader = DealReader(settings)
    reader.deal.created = first_created(events)
    for event in in_order(events):
        reader.take(event)
    return reader.deal


def first_created(events: Iterable[DealEvent]) -> int | None:
    """When a deal was created, ms; None: unknown."""
    return min((at for at in map(created_at, events) if at is not None), default=None)


def created_at(event: DealEvent) -> int | None:
    """When a deal was created according to an event, ms; None: the event does not state it."""
    return event.time if event.kind == "created" and not event.data.get("unknown_time") else None


class Step(NamedTuple):
    """An event's effect on a deal: the new state, and when, ms (None: unknown).

    ``corrects``: the deal was closed already, and only its close date changes.
    """

    state: str
    at: int | None
    corrects: bool = False


class DealReader:
    """Reads the events of a deal one by one, sorted by `in_order`."""

    def __init__(self, settings: TenantSettings) -> None:
        self.deal = Deal()
        self.attempts: list[int] = []  # when events reported a win, whatever the outcome
        self.cursor = Cursor()
        self._settings = settings

    def take(self, event: DealEvent) -> Step | None:
        """Read an event; None if it does not change the state, or follows a merge."""
        deal, cursor = self.deal, self.cursor
        if deal.state == "merged":
            return None
        _read_attributes(deal, event.data)
        state = state_after(deal.state, cursor.stage, event, self._settings)
        if is_win(event, self._settings) or (event.kind == "updated" and state == "won"):
            self.attempts.append(event.time)
        _read_stage(deal, event, state)
        cursor.stage = stage_named(event.data) or cursor.stage
        if state is None:
            return self._correct(event.data)
        step = Step(state, self._instant(event, state))
        self._change(step)
        return step

    def _instant(self, event: DealEvent, state: str) -> int | None:
        """When a change of state takes effect, ms; for a close, the latest ``closed_at`` given."""
        before, cursor = self.deal.state, self.cursor
        if before in CLOSED and state != before:
            cursor.close_date = None  # the date belonged to an earlier close
        if "closed_at" in event.data:
            cursor.close_date = int(event.data["closed_at"])
        if state in CLOSED and cursor.close_date is not None:
            return cursor.close_date
        return None if event.data.get("unknown_time") else event.time

    def _change(self, step: Step) -> None:
        deal, cursor = self.deal, self.cursor
        is_open = step.state == "open"
        deal.state = step.state
        deal.closed = step.at if step.state in CLOSED else None
        cursor.before = cursor.instant
        if step.at is not None:
            cursor.instant = max(cursor.instant, step.at)
        cursor.ended = not deal.states or deal.states[-1][1] != is_open
        if cursor.ended:
            deal.states.append((cursor.instant, is_open))

    def _correct(self, data: DealData) -> Step | None:
        """Apply a ``closed_at`` that arrives after the close it belongs to."""
        deal, cursor = self.deal, self.cursor
        if "closed_at" not in data:
            return None
        at = cursor.close_date = int(data["closed_at"])
        if deal.state not in CLOSED:
            return None
        deal.closed, cursor.instant = at, max(cursor.before, at)
        if cursor.ended:
            deal.states[-1] = (cursor.instant, False)
        return Step(deal.state, at, corrects=True)


@dataclass(slots=True)
class Cursor:
    """The position of a reader in a deal's events. Instants in ms."""

    stage: str | None = None  # latest stage named
    close_date: int | None = None  # latest close date given since the deal was last open
    instant: int = -FOREVER  # of the last step; never decreases
    before: int = -FOREVER  # of the step before it
    ended: bool = False  # whether the last step opened or closed the deal


def in_order(events: list[DealEvent]) -> list[DealEvent]:
    """The first deal.created; then by version if all others have one, else by time; then rank, id, source."""
    versioned, first = is_versioned(events), first_of(events)
    return sorted(events, key=lambda event: place_of(event, first, versioned=versioned))


def first_of(events: Iterable[DealEvent]) -> DealEvent | None:
    """The deal.created that comes before all other events, whatever its time."""
    created = (event for event in events if event.kind == "created" and not event.data.get("unknown_time"))
    return min(created, key=lambda event: event[:4], default=None)


def is_versioned(events: Iterable[DealEvent]) -> bool:
    """Whether every event but deal.created has a version."""
    return all("version" in event.data for event in events if event.kind != "created")


def place_of(event: DealEvent, first: DealEvent | None, *, versioned: bool) -> tuple[Any, ...]:
    """The sort key of a deal's event."""
    time, kind, source, id_, data, _ = event
    place = data.get("version", -FOREVER) if versioned else time
    return (not data.get("unknown_time"), event is not first, place, RANKS.get(kind, 1), id_, source)


def _read_attributes(deal: Deal, data: DealData) -> None:
    if "amount" in data and "currency" in data:
        deal.amount, deal.currency = data["amount"], data["currency"]
    for name in ATTRIBUTES:
        if data.get(name) not in (None, ""):
            deal.attributes[name] = data[name]
    deal.traits.update((name, value) for name, value in data.get("traits", {}).items() if value not in (None, ""))


def stage_named(data: DealData) -> str | None:
    """The stage that a deal event names; an empty name is None."""
    return data.get("to_stage") or data.get("stage") or None


def _read_stage(deal: Deal, event: DealEvent, state: str | None) -> None:
    """Note the stage that an open deal enters with an event; instants never decrease."""
    named = stage_named(event.data)
    if named and state in ("open", None) and event.kind not in CLOSED:
        at = -FOREVER if event.data.get("unknown_time") else event.time
        deal.stages.append((max(at, deal.stages[-1][0] if deal.stages else at), named))


def state_after(state: str, stage: str | None, event: DealEvent, settings: TenantSettings) -> str | None:
    """The state after an event, for a deal in ``state`` whose latest stage is ``stage``; None: no change of state.

    A merged deal stays merged; a deleted deal stays deleted until it is created or reopened.
    """
    match event.kind:
        case _ if state == "merged":
            return None
        case "created":
            return "open" if state in ("open", "deleted") else None
        case "reopened":
            return "open"
        case "merged" | "deleted":
            return event.kind
        case _ if state == "deleted":
            return None
        case "won" | "lost":
            return event.kind
        case "stage_changed":
            return outcome(event.data.get("to_stage", ""), settings) or "open"
        case "updated":
            return _moved(state, stage, stage_named(event.data), settings)
    return None


def _moved(state: str, before: str | None, stage: str | None, settings: TenantSettings) -> str | None:
    """The state after an update that changes the stage; None if the stage is the same."""
    if stage is None or (before is not None and _plain(before) == _plain(stage)):
        return None
    following = outcome(stage, settings) or "open"
    return None if following == state != "open" else following  # a won deal in a won stage: no change


def outcome(stage: str, settings: TenantSettings) -> str | None:
    """The outcome that a stage stands for: "won", "lost" or None. Ignores case and spaces."""
    plain = _plain(stage)
    return (
        "won" if plain in _plains(settings.won_stages) else "lost" if plain in _plains(settings.lost_stages) else None
    )


def _plain(stage: str) -> str:
    return "".join(stage.split()).lower()


@lru_cache(maxsize=256)
def _plains(stages: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_plain, stages))


def open_intervals(deal: Deal) -> list[Interval]:
    """When the deal was open, ms. Empty if its creation time is unknown, or it was merged away or deleted."""
    if deal.created is None or deal.state in ("merged", "deleted"):
        return []
    states = [(-FOREVER, True), *deal.states]  # also if its first step is a close
    ends = [instant for instant, _ in deal.states] + [FOREVER]
    spans = [(start, end) for (start, is_open), end in zip(states, ends, strict=True) if is_open]
    return intersect(union(spans), [(deal.created, FOREVER)])


def deal_deltas(deal: Deal, stale: list[Interval], settings: TenantSettings, zone: Zone) -> Iterator[Delta]:
    """The deltas of a deal. ``stale``: when it was stale, ms."""
    if deal.state in ("merged", "deleted"):
        return
    if deal.closed is not None:
        yield from _closed_deltas(deal, deal.closed, zone)
    spans = open_intervals(deal)
    yield from level_deltas("open", spans)
    yield from level_deltas("stale", intersect(spans, stale))
    if settings.qualified_stages:
        yield from level_deltas("qualified", intersect(spans, _qualified_intervals(deal, settings)))
    for start, end in spans:
        yield from money_deltas("open_value", start, end, deal.amount, deal.currency, zone, rated=deal.created)
    if deal.created is None and deal.state == "open":
        yield Delta("open_undated", 0, 1)
        if is_qualified(deal.stages[-1][1] if deal.stages else "", settings):
            yield Delta("qualified_undated", 0, 1)
        yield from money_deltas("open_undated_value", 0, FOREVER, deal.amount, deal.currency, zone, rated=None)


def is_qualified(stage: str, settings: TenantSettings) -> bool:
    """Whether the setting ``qualified_stages`` counts open deals in a stage for sales velocity."""
    return bool(settings.qualified_stages) and _plain(stage) in _plains(settings.qualified_stages)


def _qualified_intervals(deal: Deal, settings: TenantSettings) -> list[Interval]:
    ends = [instant for instant, _ in deal.stages[1:]] + [FOREVER]
    stages = zip(deal.stages, ends, strict=False)
    return union((start, end) for (start, stage), end in stages if is_qualified(stage, settings))


def _closed_deltas(deal: Deal, closed: int, zone: Zone) -> Iterator[Delta]:
    yield Delta(deal.state, closed, 1)
    yield from money_deltas(f"{deal.state}_value", closed, None, deal.amount, deal.currency, zone, rated=closed)
    if deal.created is None:
        return
    days = zone.day(closed // 60_000) - zone.day(deal.created // 60_000)
    if days < 0:
        yield Delta(f"bad_cycle.{deal.state}", closed, 1)
        return
    yield Delta(f"cycle.{deal.state}={days}", closed, 1)
    yield Delta(f"cycle_days.{deal.state}", closed, days)
    yield Delta(f"cycles.{deal.state}", closed, 1)


def is_win(event: DealEvent, settings: TenantSettings) -> bool:
    """Whether an event reports a deal as won, whatever the outcome."""
    return event.kind in ("won", "stage_changed") and state_after("open", None, event, settings) == "won"


def stale_intervals(events: Iterable[DealEvent], settings: TenantSettings) -> list[Interval]:
    """From ``stale_days`` after an event to the next event, ms."""
    times = sorted({event.time for event in events if not event.data.get("unknown_time")})
    wait = settings.stale_days * DAY_MS
    return union((ceil_quarter(time + wait), after) for time, after in pairwise([*times, FOREVER]))


def deal_segments(deal: Deal, settings: TenantSettings) -> list[tuple[str, Any]]:
    """The (dimension, value) pairs of a deal; a missing value is None."""
    found = [("owner", "owner_id"), ("source", "source"), ("campaign", "campaign"), ("pipeline", "pipeline")]
    pairs = [(dimension, deal.attributes.get(name)) for dimension, name in found]
    return pairs + [(dimension, deal.traits.get(dimension)) for dimension in settings.dimensions]
