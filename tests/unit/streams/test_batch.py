"""Batches of the engine process: what they take, and how they keep their ends short."""

from streams.engine.batch import LONGEST, Pace


def test_a_batch_whose_end_takes_long_is_followed_by_a_smaller_one() -> None:
    """And by larger ones while the ends are short, up to some slices."""
    pace = Pace(0.1)
    pace.ended(0.4)
    assert pace.seconds == 0.025
    for _ in range(20):
        pace.ended(0.001)
    assert pace.seconds == 0.1 * LONGEST
    for _ in range(20):
        pace.ended(10)
    assert pace.seconds == 0.1 / 20
