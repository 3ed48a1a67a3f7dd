"""What a batch tells those who watch: how many of its events were late, how many were seen before."""

import json

from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.settings import TenantBook
from models.validate import validate
from streams.monitor.metrics import Metrics

AT = 1_793_520_000_000  # 2026-11-01T08:00:00Z
OLD, NEW = "2026-11-01T07:00:00Z", "2026-11-01T08:00:00Z"


def block(*events: tuple[str, str], first: int) -> bytes:
    """(id, time) of page views, received at AT."""
    values = [
        {"id": id_, "source": "/s", "type": "crm.page.viewed", "time": time, "tenantid": "acme",
         "data": {"anonymous_id": "v", "url": "https://a.example/"}}
        for id_, time in events
    ]  # fmt: skip
    raw = [RawRecord("in", 0, first + at, AT, None, json.dumps(value).encode()) for at, value in enumerate(values)]
    rows, refused = validate(raw)
    assert refused == []
    return encode_blocks("in", 0, rows, [])[0][1]


def test_late_events_and_duplicates_are_told_once_a_batch() -> None:
    """An hour late is past the default of ten minutes; the next batch starts from nothing."""
    engine, metrics = Engine(TenantBook.from_mapping({})), Metrics()
    engine.apply(decode_block(block(("a", OLD), ("b", NEW), ("b", NEW), ("c", OLD), first=0)), "acme", AT)
    first = engine.finish()
    engine.apply(decode_block(block(("a", OLD), first=9)), "acme", AT)
    second = engine.finish()
    assert (first.tally, second.tally) == ({"late": 2, "duplicates": 1}, {"duplicates": 1})
    assert engine.finish().tally == {}

    for outcome in (first, second):
        metrics.committed((), outcome.tally, 0.1)
    value = metrics.registry.get_sample_value
    assert value("crmkpi_events_late_total", {"disposition": "accepted"}) == 2
    assert value("crmkpi_events_deduplicated_total") == 2
    assert value("crmkpi_process_duration_seconds_count", {"stage": "count"}) == 2
