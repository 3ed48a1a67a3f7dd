"""A share of the fuzzer: `make fuzz` is the rest."""

from random import Random

import pytest

from tests.fuzz.run import Report, world


@pytest.mark.parametrize("seed", range(4))
def test_odd_events_raise_nothing_and_are_counted_exactly(seed: int) -> None:
    """No exception, no large entry; cells are what the facts contribute, documents what the recount says."""
    report = Report()
    world(Random(seed), 250, report, recounted=True)
    assert report.problems == []
    assert report.accepted > 100


@pytest.mark.parametrize("seed", range(1))
def test_odd_events_with_erasures_are_counted_exactly(seed: int) -> None:
    """The same with requests for erasure, through restarts: cells and facts."""
    report = Report()
    world(Random(f"long {seed}"), 400, report, recounted=False)
    assert report.problems == []
