"""An alert's state under random observations, restarts and a clock that jumps, also over days with a change of time.

Raises and clears alternate; there are never two notices for one change of state; nothing that lasts is kept back.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.machine import LONGEST_STEP_MS, Observation, State, Step, Verdict, step, worth_keeping
from models.alerting import Quiet, Rule

ZONES: Final = ("UTC", "Europe/Helsinki", "America/St_Johns", "Australia/Lord_Howe")
STARTS: Final = [
    int(datetime(*day, 20, tzinfo=UTC).timestamp() * 1000)
    for day in ((2026, 3, 28), (2026, 10, 24), (2026, 3, 7), (2026, 10, 31), (2026, 4, 4), (2026, 10, 3), (2026, 7, 1))
]  # evenings before clocks change, in one of the zones, and one of no change
SECOND: Final = 1_000
HOURS: Final = st.sampled_from([f"{h:02}:{m:02}" for h in range(24) for m in (0, 30)])
DAYS: Final = st.sets(st.integers(1, 7), min_size=1).map(sorted)
QUIET: Final = st.builds(lambda a, b, days: (a, b, days), HOURS, HOURS, DAYS).filter(lambda q: q[0] != q[1])
JUMPS: Final = st.one_of(
    st.integers(0, 90 * SECOND), st.integers(-86_400 * SECOND, 0), st.integers(0, 3 * 86_400 * SECOND)
)
VERDICTS: Final = st.sampled_from(Verdict)


def rule_of(hold: int, quiet: Sequence[tuple[str, str, list[int]]]) -> Rule:
    """A rule of those."""
    hours = [Quiet.model_validate({"from": a, "to": b, "days": days}) for a, b, days in quiet]
    given = {"id": "r", "tenant": "acme", "kind": "lag", "for": hold, "quiet": hours}
    return Rule.model_validate(given)


RULES: Final = st.builds(rule_of, st.sampled_from([0, 30, 600, 7200]), st.lists(QUIET, max_size=2))


class Seen:
    """A run of the machine: what is kept is all that a restart finds."""

    def __init__(self, rule: Rule, zone: str) -> None:
        self.rule, self.zone = rule, ZoneInfo(zone)
        self.state = self.kept = State()
        self.steps: list[Step] = []

    def see(self, verdict: Verdict, now: int, muted: bool = False) -> Step:
        """One observation; whatever a restart must find is kept, as JSON, at once."""
        done = step(self.rule, self.zone, self.state, Observation(verdict), now, muted=muted)
        if worth_keeping(self.rule, self.kept, done.state):
            self.kept = State.of(done.state.as_json())
        self.state = done.state
        self.steps.append(done)
        return done

    def restart(self) -> None:
        """As after kill -9."""
        self.state = self.kept


@st.composite
def runs(draw: st.DrawFn) -> Seen:
    """Observations at a clock that mostly advances."""
    run = Seen(draw(RULES), draw(st.sampled_from(ZONES)))
    now = draw(st.sampled_from(STARTS))
    for verdict, jump, muted, again in draw(
        st.lists(st.tuples(VERDICTS, JUMPS, st.booleans(), st.integers(0, 9)), max_size=60)
    ):
        now += jump
        run.see(verdict, now, muted=muted and again > 5)
        if again == 0:
            run.restart()
    return run


@settings(max_examples=150)
@given(runs())
def test_raises_and_clears_alternate_and_are_numbered(run: Seen) -> None:
    changes = [one.change for one in run.steps if one.change]
    assert [change.raised for change in changes] == [at % 2 == 0 for at in range(len(changes))]
    assert [change.number for change in changes] == list(range(1, len(changes) + 1))


@settings(max_examples=150)
@given(runs())
def test_notices_alternate_and_none_is_given_twice(run: Seen) -> None:
    notices = [one.notice for one in run.steps if one.notice]
    assert [notice.raised for notice in notices] == [at % 2 == 0 for at in range(len(notices))]
    assert [notice.number for notice in notices] == list(range(1, len(notices) + 1))
    assert len(notices) <= sum(one.change is not None for one in run.steps)


@settings(max_examples=150)
@given(runs(), st.sampled_from(STARTS))
def test_nothing_is_lost_whatever_the_clock_did(run: Seen, now: int) -> None:
    """What lasts is raised and told once nobody is to be left in peace: at the latest after the time it must hold."""
    needed = run.rule.hold * SECOND
    for verdict, raised in ((Verdict.BAD, True), (Verdict.FINE, False)):
        waited = 0
        while run.state.raised != raised or run.state.told != raised:
            now, waited = now + LONGEST_STEP_MS, waited + LONGEST_STEP_MS
            run.see(verdict, now)
            reached = run.state.raised == raised and (run.state.told == raised or run.rule.is_quiet(now, run.zone))
            assert reached or waited <= needed + 2 * LONGEST_STEP_MS  # the first step may be one back
            if waited > 8 * 86_400 * SECOND:
                return  # hours that leave no minute of the week
    assert not run.state.raised


@settings(max_examples=150)
@given(runs())
def test_told_is_what_holds_whenever_nobody_is_to_be_left_in_peace(run: Seen) -> None:
    now = STARTS[0]
    for _ in range(200):
        now += 600 * SECOND
        done = run.see(Verdict.UNKNOWN, now)
        if run.rule.is_quiet(now, run.zone):
            assert done.notice is None
        else:
            assert done.state.told == done.state.raised


@settings(max_examples=150)
@given(RULES, st.lists(st.tuples(VERDICTS, st.integers(0, LONGEST_STEP_MS)), max_size=60), st.sampled_from(STARTS))
def test_it_is_raised_only_after_it_held_long_enough(rule: Rule, seen: list[tuple[Verdict, int]], now: int) -> None:
    """On a clock that never jumps, the time it held is that since it became so, less what was not known."""
    run, held, before = Seen(rule, "UTC"), 0, Verdict.UNKNOWN
    for verdict, passed in seen:
        now += passed
        was = run.state.raised
        opposite = Verdict.FINE if was else Verdict.BAD
        known = before if before is not Verdict.UNKNOWN else None
        if verdict is opposite and known is opposite:
            held += passed
        elif verdict is not Verdict.UNKNOWN and verdict is not opposite:
            held = 0
        done = run.see(verdict, now)
        if done.change:
            assert held >= rule.hold * SECOND
            held = 0
        before = verdict


@given(HOURS, HOURS, DAYS, st.sampled_from(ZONES), st.sampled_from(STARTS), st.integers(0, 3 * 1440))
def test_quiet_hours_follow_the_local_clock(
    start: str, end: str, days: list[int], zone: str, first: int, minutes: int
) -> None:
    """Minute by minute, counted in another way: the clock hand is looked up in the list of minutes that are quiet."""
    if start == end:
        return
    quiet = Quiet.model_validate({"from": start, "to": end, "days": days})
    clock = [f"{h:02}:{m:02}" for h in range(24) for m in range(60)]
    begin, stop = clock.index(start), clock.index(end)
    length = (stop - begin) % 1440
    silent = {((day - 1) * 1440 + begin + more) % 10_080 for day in days for more in range(length)}
    now = first + minutes * 60 * SECOND
    local = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    at = (local.isoweekday() - 1) * 1440 + local.hour * 60 + local.minute
    assert quiet.holds(now, ZoneInfo(zone)) == (at in silent)
