"""What reports said, in Redis."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.gather import gather
from reports.numbers import Told
from reports.schedule import complete
from reports.told import KEPT, RedisTold
from reports.unsubscribe import Subscription
from reports.unsubscribed import RedisUnsubscribed
from sinks.base import SinkUnavailable
from sinks.client import connect
from sinks.read import RedisReader
from tests.unit.reports.samples import AS_OF, HELD, TENANT, ZONE, Worker, gathered, ready


def test_the_next_report_knows_what_this_one_said(redis_url: str) -> None:
    """As first said: a second mail of the same period changes nothing."""

    async def story() -> tuple[Any, Any, Any]:
        report, period = ready("success_month"), complete("month", AS_OF, ZONE)
        found = await gathered(report)
        async with RedisTold(redis_url) as told:
            before = await told.before(report, period)
            await told.keep(report, found)
            following = complete("month", AS_OF.replace(month=7), ZONE)
            first = await told.before(report, following)
            await told.keep(report, replace(found, documents={}))
            return before, first, await told.before(report, following)

    before, first, second = asyncio.run(story())

    assert before is None
    assert first == second
    assert isinstance(first, Told)
    mrr = next(one for one in HELD["documents"] if (one["kpi"], one["window"]) == ("mrr", "last_month"))
    assert (first.period, first.values["mrr"]) == ("2026-05", mrr["value"])


def test_old_periods_go(redis_url: str) -> None:
    """The newest ones stay."""

    async def story() -> list[str]:
        report = ready("ops_day")
        found = await gathered(report)
        async with RedisTold(redis_url) as told:
            await told._redis.hset(told._key(report), mapping={f"20{year}-01-01": "{}" for year in range(10, 99)})
            await told.keep(report, found)
            kept: Any = await told._redis.hkeys(told._key(report))
            return sorted(kept)

    kept = asyncio.run(story())

    assert len(kept) == KEPT
    assert kept[-1] == "2098-01-01"


def test_the_rights_of_the_page_on_security_are_enough(redis_url: str) -> None:
    """To gather, to note what was said and to see who unsubscribed, and for nothing else."""
    page = (Path(__file__).parents[3] / "docs" / "security.md").read_text()
    (line,) = re.findall(r"ACL SETUSER (crmkpi-reports .+)", page)
    place = redis_url.replace("redis://", "redis://crmkpi-reports:secret@")

    async def story() -> bool:
        admin: Any = connect(redis_url)
        await admin.execute_command("ACL", "SETUSER", *line.replace(">…", ">secret").split())
        report, held = ready("success_month"), RedisUnsubscribed(place)
        period = complete("month", AS_OF, ZONE)
        async with RedisReader(place) as reader, RedisTold(place) as told:
            found = await gather(report, period, ZONE, reader, Worker(), await told.before(report, period))
            await told.keep(report, found)
        with pytest.raises(SinkUnavailable, match="no permissions"):
            await held.add(Subscription(TENANT, "ops_day", "a@b.example"))
        gone = await held.has(Subscription(TENANT, "ops_day", "a@b.example"))
        await held.close()
        await admin.aclose()
        return gone

    assert not asyncio.run(story())
