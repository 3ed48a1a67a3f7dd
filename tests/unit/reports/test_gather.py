"""Numbers of the right period, or none: what is read where, and what a report waits for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from reports.gather import gather
from reports.numbers import NotReady, ReportError
from reports.report import Breakdown, Section
from reports.schedule import Period, complete
from sinks.base import Publication, Status
from sinks.memory import MemorySink
from sinks.query import QueryUnavailable
from tests.unit.reports.samples import AS_OF, HELD, TENANT, ZONE, Worker, published, ready

WEEK = Period("week", date(2026, 5, 25), date(2026, 5, 31))
DAY_MS = 86_400_000


class Away:
    """A worker that does not answer."""

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        raise QueryUnavailable("no worker")


class Loading(MemorySink):
    """A store whose tenant is still being counted."""

    async def status(self, tenant: str) -> Status | None:
        found = await super().status(tenant)
        return None if found is None else found._replace(catching_up=0.5)


async def test_the_documents_of_the_period_are_used_as_they_are() -> None:
    """With everything they say."""
    found = await gather(ready("success_month"), complete("month", AS_OF, ZONE), ZONE, await published(), Worker())
    known = {one["kpi"]: one for one in HELD["documents"] if one["window"] == "last_month" and not one["segment"]}

    assert found.document("mrr") == known["mrr"]
    assert found.as_of == AS_OF
    assert found.period.name == "2026-05"


async def test_a_missed_period_is_read_from_the_histories() -> None:
    """Its value, what it was before, and its unit."""
    found = await gather(ready("sales_week", breakdowns=()), WEEK.before(2), ZONE, await published(), Worker())
    history = HELD["histories"]["closed_won_value"]["week"]
    document = found.document("closed_won_value")

    assert document is not None
    assert document["value"] == history["2026-05-11"][0]
    assert document["previous"] == history["2026-05-04"][0]
    assert (document["unit"], document["currency"], document["direction"]) == ("money", "EUR", "up")
    assert list(found.histories["win_rate"])[-1] == "2026-05-11"
    assert found.as_of == AS_OF


async def test_a_period_before_all_history_is_refused() -> None:
    """Rather than reported as empty."""
    with pytest.raises(ReportError, match="win_rate: its history does not reach back to 2024-05-06"):
        await gather(ready("sales_week"), complete("week", datetime(2024, 5, 15, tzinfo=UTC), ZONE), ZONE,
                     await published(), Worker())  # fmt: skip


async def test_nothing_is_sent_before_the_period_is_over_and_counted() -> None:
    """Numbers of a worker that is behind are those of an unfinished week."""
    behind = await published(as_of=HELD["as_of"] - DAY_MS)

    with pytest.raises(NotReady, match="numbers of nordbolt are of 2026-05-31T04:00Z, the period ends 2026-05-31T22"):
        await gather(ready("sales_week"), WEEK, ZONE, behind, Worker())


async def test_documents_of_the_week_before_are_not_taken_for_this_weeks() -> None:
    """At midnight, before the window has moved on."""
    following = complete("week", AS_OF + timedelta(days=7), ZONE)
    late = await published(as_of=HELD["as_of"] + 7 * DAY_MS)

    with pytest.raises(NotReady, match="win_rate of nordbolt is still published of the week before"):
        await gather(ready("sales_week"), following, ZONE, late, Worker())


async def test_history_that_is_being_counted_is_waited_for() -> None:
    """It is not final."""
    sink = Loading()
    await sink.publish(Publication(TENANT, 1, 1, HELD["as_of"], HELD["documents"], full=True))

    with pytest.raises(NotReady, match=r"history of nordbolt is being counted \(50%\)"):
        await gather(ready("sales_week"), WEEK, ZONE, sink, Worker())


async def test_an_unknown_tenant_has_nothing() -> None:
    """Yet."""
    with pytest.raises(NotReady, match="nothing is published for tenant nordbolt yet"):
        await gather(ready("sales_week"), WEEK, ZONE, MemorySink(), Worker())


async def test_segments_of_a_week_are_asked_of_a_worker() -> None:
    """Of that week, the largest first."""
    worker = Worker()
    found = await gather(ready("sales_week"), WEEK, ZONE, await published(), worker)
    ((_, rows),) = found.breakdowns.items()

    assert worker.asked == [
        {"kpi": "closed_won_value", "step": "week", "first": "2026-05-18", "last": "2026-05-25", "dimension": "owner"}
    ]
    assert [float(one["value"]) for _, one in rows] == sorted((float(one["value"]) for _, one in rows), reverse=True)
    assert all(one["currency"] == "EUR" for _, one in rows)
    lines = {
        line["segment"]["owner"]: line["values"][-1] for line in HELD["series"]["closed_won_value owner"]["series"]
    }
    assert {name: one["value"] for name, one in rows} == {name: lines[name] for name, _ in rows}


async def test_segments_of_a_month_are_read_from_documents() -> None:
    """No worker is asked."""
    found = await gather(ready("success_month"), complete("month", AS_OF, ZONE), ZONE, await published(), Away())

    assert [name for name, _ in found.breakdowns[found_breakdown(found)]] == ["DE", "FR", "AT", "PL"]


def found_breakdown(found: Any) -> Breakdown:
    (one,) = found.breakdowns
    assert isinstance(one, Breakdown)
    return one


async def test_a_worker_that_is_away_is_waited_for() -> None:
    """The report is late, not incomplete."""
    with pytest.raises(NotReady, match="closed_won_value by segment of a week: no worker"):
        await gather(ready("sales_week"), WEEK, ZONE, await published(), Away())


async def test_a_dimension_that_is_none_is_said() -> None:
    """It will never be answered."""
    report = ready("sales_week", breakdowns=(Breakdown(kpi="closed_won_value", dimension="moon"),))

    with pytest.raises(ReportError, match="closed_won_value by segment of a week"):
        await gather(report, WEEK, ZONE, await published(), Worker())


async def test_a_section_of_a_segment_has_its_numbers() -> None:
    """And says when there are none."""
    section = Section(kpis=("active_customers",), segment={"country": "DE"})
    other = Section(kpis=("active_customers",), segment={"country": "KE"})
    report = ready("success_month", sections=(section, other))
    found = await gather(report, complete("month", AS_OF, ZONE), ZONE, await published(), Worker())
    document = found.document("active_customers", {"country": "DE"})

    assert document is not None
    assert document["segment"] == {"country": "DE"}
    assert found.document("active_customers", {"country": "KE"}) is None


async def test_a_kpi_without_a_document_is_read_from_its_history() -> None:
    """And is left open when it has none: a tenant may have chosen its KPIs."""
    without = [one for one in HELD["documents"] if one["kpi"] != "csat"]
    period = complete("month", AS_OF, ZONE)
    found = await gather(ready("success_month"), period, ZONE, await published(documents=without), Worker())
    document = found.document("csat")
    sink = MemorySink()
    await sink.publish(Publication(TENANT, 1, 1, HELD["as_of"], without, full=True))
    bare = await gather(ready("success_month"), period, ZONE, sink, Worker())

    assert document is not None
    assert document["value"] == HELD["histories"]["csat"]["month"]["2026-05"][0]
    assert bare.document("csat") is None
