"""The state machine of one alert: a pure function of rule, previous state, observation and time.

Whether the alert is raised and whether that was announced are separate. Each change is one entry of the log. In quiet
hours, and while the rule is muted, the state changes without a notice; afterwards the current state is announced if it
differs from the last notice. So notices always alternate.

The clock may jump. ``for`` accumulates the time between observations, at most `LONGEST_STEP_MS` each: a jump ahead
raises nothing early, and a jump back delays nothing, as time is counted on from there.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from models.alerting import Rule

LONGEST_STEP_MS: Final = 60_000
PARTS: Final = 4  # fraction of ``for`` after which progress is saved, so that a restart continues from there


class Verdict(Enum):
    """A rule's verdict on an observation. ``BETWEEN``: neither beyond the level, nor far enough back to clear."""

    BAD = "bad"
    FINE = "fine"
    BETWEEN = "between"
    UNKNOWN = "unknown"  # cannot be judged, so nothing changes


class Observation(NamedTuple):
    """An observation with its figures. ``level``: the level passed; ``as_of``: as in documents."""

    verdict: Verdict
    value: str | None = None
    level: str | None = None
    n: int | None = None
    as_of: str | None = None


class State(NamedTuple):
    """The state of one rule. ``pending_ms``: how long the opposite has been observed; None: it is not."""

    raised: bool = False
    told: bool = False  # whether the last notice was a raise
    changes: int = 0
    notices: int = 0
    pending_ms: int | None = None
    last: int | None = None  # clock of the last observation, ms UTC

    def as_json(self) -> dict[str, Any]:
        """The ledger's form."""
        return {"v": 1, **self._asdict()}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From the ledger; fields of a newer build are ignored."""
        return cls(**{name: fields[name] for name in cls._fields if name in fields})


class Change(NamedTuple):
    """The ``number``-th change of an alert."""

    raised: bool
    number: int
    at: int  # ms UTC


class Notice(NamedTuple):
    """The ``number``-th notice of an alert. ``change``: the log entry it announces."""

    raised: bool
    number: int
    change: int


class Step(NamedTuple):
    """The result of an observation."""

    state: State
    change: Change | None = None
    notice: Notice | None = None


def step(rule: Rule, zone: ZoneInfo, state: State, seen: Observation, now: int, *, muted: bool = False) -> Step:
    """The state after an observation, the change, and the notice due. ``now``: ms UTC."""
    after = _judged(rule, state, seen.verdict, now)
    change = Change(after.raised, after.changes, now) if after.changes != state.changes else None
    if after.raised == after.told or muted or rule.is_quiet(now, zone):
        return Step(after, change)
    after = after._replace(told=after.raised, notices=after.notices + 1)
    return Step(after, change, Notice(after.told, after.notices, after.changes))


def withdrawn(state: State, now: int) -> Step:
    """The end of a removed rule: clears a raised alert, with a notice if the raise was announced."""
    after = state._replace(raised=False, told=False, pending_ms=None, last=now, changes=state.changes + state.raised)
    change = Change(False, after.changes, now) if state.raised else None
    if not state.told:
        return Step(after, change)
    after = after._replace(notices=state.notices + 1)
    return Step(after, change, Notice(False, after.notices, after.changes))


def worth_keeping(rule: Rule, kept: State, state: State) -> bool:
    """Whether a state must be saved: any change except a little more pending time."""
    if kept._replace(pending_ms=None, last=None) != state._replace(pending_ms=None, last=None):
        return True
    if kept.pending_ms is None or state.pending_ms is None:
        return kept.pending_ms is not state.pending_ms
    return abs(state.pending_ms - kept.pending_ms) * PARTS >= rule.hold * 1000


def _judged(rule: Rule, state: State, verdict: Verdict, now: int) -> State:
    if verdict is Verdict.UNKNOWN:
        return state._replace(last=None)
    if verdict is not (Verdict.FINE if state.raised else Verdict.BAD):
        return state._replace(pending_ms=None, last=now)
    passed = 0 if state.last is None else min(max(now - state.last, 0), LONGEST_STEP_MS)
    held = 0 if state.pending_ms is None else state.pending_ms + passed
    if held < rule.hold * 1000:
        return state._replace(pending_ms=held, last=now)
    return state._replace(raised=not state.raised, changes=state.changes + 1, pending_ms=None, last=now)
