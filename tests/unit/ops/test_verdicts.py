"""Burrow's verdicts: each rule on a window that shows it, and what holds for any window."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.verdicts import BAD, WINDOW, Observation, Verdict, Windows, catch_up_s, group_verdict, verdict


def window(*seen: tuple[int, int], commits: Sequence[int] | None = None, begin: int = 0) -> list[Observation]:
    """(committed, end) once a second."""
    return [
        Observation(float(at), committed, end, begin, commits[at] if commits else None)
        for at, (committed, end) in enumerate(seen)
    ]


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ([], Verdict.OK),
        (window((5, 9)), Verdict.OK),  # one look shows no movement
        (window((9, 9), (9, 9), (9, 9)), Verdict.OK),  # idle: no commits, nothing waits
        (window((9, 9), (9, 12), (9, 12)), Verdict.OK),  # waits, but not all the time
        (window((1, 9), (3, 9), (5, 12)), Verdict.OK),  # behind, and it fell
        (window((1, 9), (3, 12), (5, 15)), Verdict.WARN),  # moves, and loses ground
        (window((1, 9), (3, 11), (5, 13)), Verdict.WARN),  # moves, and gains none
        (window((5, 9), (5, 9), (5, 20)), Verdict.STOP),
        (window((5, 9), (5, 9), (5, 20), commits=(1, 1, 1)), Verdict.STOP),
        (window((5, 9), (5, 9), (5, 20), commits=(1, 2, 3)), Verdict.STALL),
        (window((5, 9), (3, 9), (6, 9)), Verdict.REWIND),
        (window((9, 9), (3, 9), (6, 9)), Verdict.REWIND),
        (window((5, 9), (3, 9), (9, 9)), Verdict.OK),  # it is through
        (window((5, 9), begin=7), Verdict.ERR),  # 5 and 6 are gone
        (window((15, 9)), Verdict.ERR),  # the topic was recreated
    ],
)
def test_every_rule(seen: list[Observation], wanted: Verdict) -> None:
    """The window, and what is said of it."""
    assert verdict(seen) is wanted


def test_a_group_is_as_bad_as_its_worst_partition() -> None:
    """ERR for anything worse than WARN, as Burrow has it."""
    assert group_verdict([]) is Verdict.OK
    assert group_verdict([Verdict.OK, Verdict.WARN]) is Verdict.WARN
    assert all(group_verdict([Verdict.OK, bad]) is Verdict.ERR for bad in BAD)


def test_the_time_to_catch_up_is_that_of_all_partitions_together() -> None:
    """4 and 6 wait, together 5 fewer a second: 2 s. What does not fall never ends."""
    first, second = window((0, 8), (4, 8)), window((0, 7), (1, 7))
    assert catch_up_s([first, second]) == pytest.approx(2.0)
    assert catch_up_s([window((1, 9), (1, 12))]) is None
    assert catch_up_s([window((1, 9))]) is None
    assert catch_up_s([window((9, 9)), []]) == 0.0


def test_a_window_slides_and_forgets_what_is_gone() -> None:
    """Only the last observations count, and a partition that comes back begins anew."""
    windows, a, b = Windows(3), ("t", 0), ("t", 1)
    for at in range(5):
        windows.add({a: Observation(at, 5, 9), b: Observation(at, at, 9)})
    assert windows.verdicts() == {a: Verdict.STOP, b: Verdict.OK}
    assert [len(one) for one in windows.of([a, b, ("t", 2)])] == [3, 3]
    windows.add({b: Observation(6, 6, 9)})
    windows.add({a: Observation(7, 5, 9), b: Observation(7, 6, 9)})
    assert windows.verdicts()[a] is Verdict.OK


steps = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=WINDOW)


@given(steps)
def test_a_consumer_that_ends_with_nothing_waiting_is_ok(moves: list[tuple[int, int]]) -> None:
    """Whatever the way there was."""
    end = sum(arrive for arrive, _ in moves)
    seen = [Observation(float(at), done, end) for at, (_, done) in enumerate(moves)]
    assert verdict([*seen, Observation(99.0, end, end)]) is Verdict.OK


@given(steps)
def test_a_consumer_that_only_goes_forward_is_never_rewound_and_lag_is_never_negative(
    moves: list[tuple[int, int]],
) -> None:
    """Offsets that only grow: OK, WARN or STOP."""
    committed, end, seen = 0, 0, []
    for at, (arrive, done) in enumerate(moves):
        end += arrive
        committed = min(end, committed + done)
        seen.append(Observation(float(at), committed, end))
    assert verdict(seen) in {Verdict.OK, Verdict.WARN, Verdict.STOP}
    assert all(one.lag >= 0 for one in seen)
    assert (wait := catch_up_s([seen])) is None or wait >= 0
