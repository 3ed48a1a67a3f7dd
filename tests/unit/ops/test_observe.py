"""What a few looks at a group say together."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
import pytest

from cli.lag import report_line
from models.blocks import encode_blocks
from models.record import Row
from ops.event_time import event_time
from ops.lag import GroupLag, PartitionLag
from ops.observe import LagReport, observations, report
from ops.verdicts import Verdict, Windows

NOW = 1_800_000_000.0
OLD = int((NOW - 90 * 86400) * 1000)


def at(committed: int | None, end: int, *, topic: str = "in", records: int | None = -1, **known: Any) -> PartitionLag:
    """A partition; ``records`` as the offsets say when it is not given."""
    if records == -1:
        records = None if committed is None else max(0, end - committed)
    told = {"seconds": None, "lost": 0} | known
    return PartitionLag(topic, 0, committed, end, records, **told)


def looked(*looks: list[PartitionLag]) -> LagReport:
    """A look a second."""
    windows = Windows()
    groups = [GroupLag("g", tuple(look)) for look in looks]
    for second, group in enumerate(groups):
        windows.add(observations(group, float(second)))
    return report(groups[-1], windows, NOW)


def test_a_group_that_follows_is_ok_and_says_when_it_is_through() -> None:
    """10 fewer a second, 20 left."""
    found = looked([at(0, 40, seconds=1.0)], [at(10, 40, seconds=1.0)], [at(20, 40, seconds=1.0)])
    assert (found.verdict, found.catch_up_s, found.catching_up, found.read_ratio) == (Verdict.OK, 2.0, False, 0.5)
    assert report_line(found) == "OK; caught up in about 2 s"


def test_the_slower_of_two_stages_decides_when_all_is_through() -> None:
    """Input in 1 s, the journal in 4; one that does not fall never ends."""
    first = [at(0, 20), at(0, 50, topic="journal")]
    assert looked(first, [at(10, 20), at(10, 50, topic="journal")]).catch_up_s == 4.0
    stuck = looked(first, [at(10, 20), at(0, 50, topic="journal")])
    assert (stuck.catch_up_s, stuck.verdict, stuck.verdicts["journal", 0]) == (None, Verdict.ERR, Verdict.STOP)


def test_history_is_told_from_a_late_event() -> None:
    """Old events that wait at every look: it catches up. One that was not there before is late, nothing else."""
    history = looked([at(0, 40, event_time=OLD)], [at(10, 40, event_time=OLD)])
    assert (history.catching_up, history.event_time) == (True, OLD)
    assert report_line(history) == "OK; caught up in about 3 s; catching_up: 25.0% read, at events of 2026-10-17 08:00Z"
    late = looked([at(40, 40)], [at(40, 41, event_time=OLD)])
    assert late.catching_up is False


def test_what_waits_for_more_than_a_minute_is_being_caught_up_with() -> None:
    """Whatever its own time: the workers were away."""
    assert looked([at(0, 40, seconds=61.0, event_time=int(NOW * 1000))]).catching_up


def test_markers_after_the_last_record_and_partitions_never_read_are_no_lag() -> None:
    """The reader says 0 records although offsets are left; nothing committed has no verdict at all."""
    found = looked([at(39, 40, records=0)], [at(39, 40, records=0), at(None, 9, topic="other")])
    assert (found.verdict, found.catch_up_s, found.lag.records) == (Verdict.OK, 0.0, 0)
    assert found.as_dict()["partitions"][1]["verdict"] is None
    assert (found.lag.uncommitted, found.read_ratio) == (1, 1.0)


def test_records_that_are_gone_are_an_error_although_nothing_waits() -> None:
    """Retention passed the committed offset; a recreated topic ends before it."""
    assert looked([at(5, 10, begin=10, records=0, lost=5)]).verdict is Verdict.ERR
    assert looked([at(15, 10, records=0)]).verdict is Verdict.ERR


class Seen(NamedTuple):
    """A record of Kafka."""

    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        (Seen(b'{"time":"1970-01-01T00:00:01Z"}'), 1000),
        (Seen(b"{}", (("ce_time", b"1970-01-01T00:00:02Z"),)), 2000),
        (Seen(b"{broken"), None),
        (Seen(None), None),
        (Seen(b"[1]"), None),
        (Seen(b'{"time":7}'), None),
        (Seen(b'{"time":"yesterday"}'), None),
        (Seen(b'{"rows":[]}'), None),
        (Seen(b'{"rows":[[1]]}'), None),
        (Seen(b"{}", (("ce_time", b"\xff"),)), None),
    ],
)
def test_the_time_of_a_record_is_read_where_it_can_be(record: Seen, wanted: int | None) -> None:
    """Never an exception: the record is somebody else's."""
    assert event_time(record) == wanted


def test_the_time_of_a_block_is_that_of_its_first_event() -> None:
    """As the journal holds it."""
    rows = [Row(0, 9, "acme", 1, 2, "crm.page.viewed", 1234, 0, "s", "i", {})]
    [(_, block)] = encode_blocks("in", 0, rows, [])
    assert orjson.loads(block)["rows"]
    assert event_time(Seen(block)) == 1234
