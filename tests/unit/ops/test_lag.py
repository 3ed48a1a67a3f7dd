"""Rules of lag that need no broker."""

from __future__ import annotations

import pytest

from ops.lag import GroupLag, PartitionLag, records_behind


@pytest.mark.parametrize(
    ("committed", "begin", "end", "records", "lost"),
    [
        (None, 0, 100, None, 0),  # nothing committed is not "everything"
        (40, 0, 100, 60, 0),
        (100, 0, 100, 0, 0),
        (120, 0, 100, 0, 0),  # the topic was recreated: never negative
        (10, 50, 100, 50, 40),  # retention was faster than the reader
        (0, 0, 0, 0, 0),
    ],
)
def test_lag_is_never_negative_and_never_invented(
    committed: int | None, begin: int, end: int, records: int | None, lost: int
) -> None:
    """Every relation of committed offset, beginning and end."""
    assert records_behind(committed, begin, end) == (records, lost)


def test_totals_leave_out_what_is_unknown() -> None:
    """Records are added, seconds are those of the oldest, partitions without an offset are counted apart."""
    lag = GroupLag(
        "g",
        (
            PartitionLag("a", 0, 5, 9, 4, 2.5, 0),
            PartitionLag("a", 1, None, 7, None, None, 0),
            PartitionLag("b", 0, 1, 2, 1, None, 0),
        ),
    )
    assert (lag.records, lag.seconds, lag.uncommitted) == (5, 2.5, 1)
    assert (lag.of("b").records, lag.of("b").seconds, lag.of("c").records) == (1, 0.0, 0)
