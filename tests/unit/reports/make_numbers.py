"""Writes `numbers.json`: what a simulated company publishes on a Monday that is the first of a month.

`python -m tests.unit.reports.make_numbers` takes two minutes. Weeks, months and days end together at that midnight, so
that all ready reports are due of the same numbers.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from cli.demo_feed import chunks
from kpis.engine import Engine
from kpis.query.ask import Answering
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.tenants import TenantBook, TenantSettings
from models.validate import validate
from reports.ready import READY
from simulator import PROFILES, World

FILE: Final = Path(__file__).with_name("numbers.json")
AS_OF: Final = int(datetime(2026, 6, 1, 4, 0, tzinfo=UTC).timestamp() * 1000)  # 06:00 in Berlin
TENANT: Final = "nordbolt"
BUCKETS: Final = 14
BATCH: Final = 2000


def make() -> dict[str, Any]:
    """Everything the four reports read."""
    kpis = {kpi for report in READY.values() for kpi in report.kpis()}
    engine = counted()
    documents = [one for one in engine.documents(TENANT, AS_OF, live=True) if one["kpi"] in kpis and wanted(one)]
    return {
        "tenant": TENANT,
        "as_of": AS_OF,
        "documents": documents,
        "histories": histories(engine, kpis),
        "series": series(engine),
    }


def counted() -> Engine:
    """A company of the demo, a hundred days old."""
    profile = replace(PROFILES[1], visits=80, customers=150, service=0.35)
    engine = Engine(TenantBook(tenants={TENANT: TenantSettings(tz=profile.tz, currency=profile.currency)}))
    history = World(Random(7), [profile], AS_OF, days=100).history()
    for number, sent in enumerate(chunks(history, BATCH)):
        raw = [
            RawRecord("demo", 0, number * BATCH + n, one.time_ms, one.key, one.value, one.headers)
            for n, one in enumerate(sent)
        ]
        rows, rejections = validate(raw)
        for tenant, block in encode_blocks("demo", 0, rows, [one.refusal() for one in rejections]):
            engine.apply(decode_block(block), tenant, 0)
        engine.finish()
    return engine


def wanted(document: Mapping[str, Any]) -> bool:
    """Of complete windows, and of segments those that a ready report shows."""
    if document["window"] not in ("yesterday", "last_week", "last_month"):
        return False
    by = {(one.kpi, one.dimension) for report in READY.values() for one in report.breakdowns}
    return not document["segment"] or (document["kpi"], *document["segment"]) in by


def histories(engine: Engine, kpis: set[str]) -> dict[str, Any]:
    """KPI -> step -> bucket -> point, the last ones."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for one in engine.compose(AS_OF, live=True, enough=lambda: False).slices:
        for points in one.points:
            if points.kpi in kpis and points.step != "hour":
                found.setdefault(points.kpi, {}).setdefault(points.step, {}).update(points.values)
    return {
        kpi: {step: dict(sorted(values.items())[-BUCKETS:]) for step, values in by.items()} for kpi, by in found.items()
    }


def series(engine: Engine) -> dict[str, Any]:
    """What a worker answers to the questions of weekly breakdowns, by KPI and dimension."""
    found = {}
    for report in READY.values():
        for one in report.breakdowns if report.schedule.every == "week" else ():
            asked = {"kpi": one.kpi, "step": "week", "first": "2026-05-18", "last": "2026-05-25"}
            answer = engine.ask(TENANT, AS_OF, {"ask": "series", "dimension": one.dimension, **asked})
            found[f"{one.kpi} {one.dimension}"] = answered(answer)
    return found


def answered(answer: Answering) -> dict[str, Any]:
    """What a question comes to."""
    while True:
        try:
            next(answer)
        except StopIteration as end:
            return dict(end.value)


if __name__ == "__main__":
    FILE.write_bytes(orjson.dumps(make(), option=orjson.OPT_APPEND_NEWLINE))
