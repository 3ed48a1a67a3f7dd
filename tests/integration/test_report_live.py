"""A weekly report from a real worker: documents and histories from Redis, segments of the week by asking it."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiokafka import AIOKafkaProducer

from bench.worker import Worker
from reports.gather import gather
from reports.mail import Sender, mail_of
from reports.numbers import Gathered, NotReady
from reports.report import Recipient, Report
from reports.schedule import complete
from sinks.query import QueryClient
from sinks.read import RedisReader
from tests.integration.streams_rig import Rig

pytestmark = pytest.mark.servers
REPORT = Report.model_validate({
    "name": "orders", "title": "Orders", "tenant": "acme", "schedule": {"every": "week"}, "headline": "net_revenue",
    "sections": [{"kpis": ["net_revenue", "orders"], "charts": True},
                 {"title": "Finland", "kpis": ["orders"], "segment": {"country": "FI"}}],
    "breakdowns": [{"kpi": "net_revenue", "dimension": "country"}],
})  # fmt: skip


async def test_a_weekly_report_has_the_week_and_its_segments(rig: Rig) -> None:
    """Of the week that is over: neither more nor less."""
    now = datetime.now(UTC)
    period = complete("week", now, ZoneInfo("UTC"))
    end = period.end(ZoneInfo("UTC"))
    await _orders(rig, [("FI", end - timedelta(days=2), 30), ("FI", end - timedelta(days=3), 12),
                        ("SE", end - timedelta(minutes=1), 8), ("SE", end - timedelta(days=8), 40),
                        ("SE", end - timedelta(days=30), 7),
                        ("SE", min(end + timedelta(minutes=1), now), 99)])  # fmt: skip
    running = Worker({**os.environ, **rig.env}, rig.log)
    try:
        async with RedisReader(rig.settings.redis.url) as reader, QueryClient(reader) as client:
            found: list[Gathered] = []

            async def ready() -> bool:
                try:
                    found.append(await gather(REPORT, period, ZoneInfo("UTC"), reader, client))
                except NotReady:
                    return False
                return found[-1].document("net_revenue") is not None

            await rig.until(ready, True)
    finally:
        running.stop()

    total, part = found[-1].document("net_revenue"), found[-1].document("orders", {"country": "FI"})
    assert total is not None
    assert part is not None
    assert (total["value"], total["previous"], part["value"]) == ("50.00", "40.00", 2)
    ((_, rows),) = found[-1].breakdowns.items()
    assert [(name, one["value"], one["currency"]) for name, one in rows] == [
        ("FI", "42.00", "EUR"), ("SE", "8.00", "EUR"),
    ]  # fmt: skip
    made = mail_of(REPORT, found[-1], Recipient(mail="anna@example.com"), Sender("kpis@example.com"))
    assert made.subject.startswith("Net revenue €50, up 25% on the week before · Orders, ")


async def _orders(rig: Rig, given: list[tuple[str, datetime, int]]) -> None:
    topic = next(name for name in rig.options.inputs if "revenue" in name)
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        for number, (country, at, amount) in enumerate(given):
            await producer.send_and_wait(topic, json.dumps(_order(number, country, at, amount)).encode())
    finally:
        await producer.stop()


def _order(number: int, country: str, at: datetime, amount: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "order_id": f"o{number}",
        "customer_id": f"c{number}",
        "amount": amount,
        "currency": "EUR",
        "traits": {"country": country},
    }
    return {"id": f"e{number}", "type": "crm.order.completed", "time": at.isoformat(), "tenantid": "acme", "data": data}
