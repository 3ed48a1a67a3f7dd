"""The state of one alert: a pure function of the rule, the state before, what is observed, and the clock.

Two things are kept apart: whether the alert is raised, and whether that was told. Each change is one entry of the log.
In quiet hours, and while the rule is muted, states change and nobody is told; afterwards what holds is told, if it is
not what was told last. So notices alternate, whatever happens between them.

The clock may jump. Time counts towards ``for`` in steps from one observation to the next, and of a step no more than
`LONGEST_STEP_MS`: a jump ahead raises nothing early, and one back delays nothing: it counts from where it went on.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from models.alerting import Rule

LONGEST_STEP_MS: Final = 60_000
PARTS: Final = 4  # of the time it must hold, after each of which a restart need not begin anew


class Verdict(Enum):
    """What a rule says of what is seen. ``BETWEEN``: not beyond the level, and not back enough to clear."""

    BAD = "bad"
    FINE = "fine"
    BETWEEN = "between"
    UNKNOWN = "unknown"  # nothing to judge by: it changes nothing


class Observation(NamedTuple):
    """What is seen, with the figures it is judged by. ``level``: that was passed; ``as_of``: as in documents."""

    verdict: Verdict
    value: str | None = None
    level: str | None = None
    n: int | None = None
    as_of: str | None = None


class State(NamedTuple):
    """Of one rule. ``pending_ms``: for how long the opposite has been seen; None: it is not."""

    raised: bool = False
    told: bool = False  # whether the last notice said that it is raised
    changes: int = 0
    notices: int = 0
    pending_ms: int | None = None
    last: int | None = None  # clock of the last observation, ms UTC

    def as_json(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        return {"v": 1, **self._asdict()}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From the ledger; fields of a newer build are left alone."""
        return cls(**{name: fields[name] for name in cls._fields if name in fields})


class Change(NamedTuple):
    """The ``number``-th change of an alert."""

    raised: bool
    number: int
    at: int  # ms UTC


class Notice(NamedTuple):
    """The ``number``-th notice of an alert. ``change``: of the log, that it tells."""

    raised: bool
    number: int
    change: int


class Step(NamedTuple):
    """What an observation led to."""

    state: State
    change: Change | None = None
    notice: Notice | None = None


def step(rule: Rule, zone: ZoneInfo, state: State, seen: Observation, now: int, *, muted: bool = False) -> Step:
    """The state after an observation, the change it is, and what must be told. ``now``: ms UTC."""
    after = _judged(rule, state, seen.verdict, now)
    change = Change(after.raised, after.changes, now) if after.changes != state.changes else None
    if after.raised == after.told or muted or rule.is_quiet(now, zone):
        return Step(after, change)
    after = after._replace(told=after.raised, notices=after.notices + 1)
    return Step(after, change, Notice(after.told, after.notices, after.changes))


def withdrawn(state: State, now: int) -> Step:
    """The end of a rule that is no more: what is raised is cleared, whoever was told is told so."""
    after = state._replace(raised=False, told=False, pending_ms=None, last=now, changes=state.changes + state.raised)
    change = Change(False, after.changes, now) if state.raised else None
    if not state.told:
        return Step(after, change)
    after = after._replace(notices=state.notices + 1)
    return Step(after, change, Notice(False, after.notices, after.changes))


def worth_keeping(rule: Rule, kept: State, state: State) -> bool:
    """Whether a restart must find it: anything but a little more of the time that it has to hold."""
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
