"""The plan of a crash run."""

from tests.crash.plan import KINDS, plan


def test_every_kind_comes_once_before_any_comes_twice() -> None:
    """Sixteen faults hold all fourteen kinds, whatever the seed."""
    for seed in range(20):
        kinds = [fault.kind for fault in plan(seed, 16, 6.0)]

        assert set(kinds) == set(KINDS)
        assert len(kinds) == 16


def test_a_seed_repeats_its_plan() -> None:
    """A failing run can be looked at again."""
    assert plan(3, 12, 6.0) == plan(3, 12, 6.0)
    assert plan(3, 12, 6.0) != plan(4, 12, 6.0)


def test_a_pause_outlasts_the_session() -> None:
    """Otherwise nobody takes over and nothing is proven."""
    pauses = [fault.lasts for seed in range(20) for fault in plan(seed, 16, 6.0) if fault.kind == "pause"]

    assert min(pauses) > 6.0
