"""The workers' figures: counters of two looks become rates, shares and quantiles."""

import asyncio
from typing import Any

import pytest

from dashboard import shapes, workers
from dashboard.workers import WorkerWatch, quantile, reports_of
from sinks.base import QueryPort, SinkUnavailable
from streams.monitor.metrics import Metrics
from streams.monitor.report import report

READY = {"ready": True, "reasons": [], "lanes": [0, 1], "restoring": [], "blocked": {}, "recovery_progress": 1.0}


def look(metrics: Metrics, **fields: Any) -> dict[str, Any]:
    """What a worker says now."""
    given: dict[str, Any] = {"ready": READY, "uptime": 60.0, "failures": 0, "quarantined": (), "pending": 0}
    return report(metrics, **given | fields)


def count(metrics: Metrics, accepted: int, late: int, duplicates: int, *flushes: float) -> None:
    """So much happens."""
    metrics.consumed.labels("t", "crm.page.viewed").inc(accepted)
    metrics.late.labels("accepted").inc(late)
    metrics.deduplicated.inc(duplicates)
    for seconds in flushes:
        metrics.flush.observe(seconds)


def test_rates_are_of_the_time_between_two_looks() -> None:
    """What was before the first does not count; one look alone has none."""
    metrics = Metrics()
    count(metrics, 1000, 900, 900, 9.0)
    first = look(metrics, quarantined={("crm.a.v1", 3, 7)})
    (only,) = reports_of({"w": [(0.0, first)]})["workers"]
    assert (only["events_per_s"], only["late"], only["publish_p50_s"]) == (None, None, pytest.approx(8.75))
    count(metrics, 200, 10, 4, *[0.02] * 99, 0.3)
    found = reports_of({"w": [(0.0, first), (10.0, look(metrics, quarantined={("crm.a.v1", 3, 7)}))]})
    shapes.Workers.model_validate(found)
    (one,) = found["workers"]
    assert (one["events_per_s"], one["late"], one["duplicates"]) == (20.0, 0.05, 0.02)
    assert 0.01 <= one["publish_p50_s"] <= 0.025
    assert 0.01 <= one["publish_p99_s"] <= 0.025
    assert (one["quarantined"], one["quarantine"]) == (1, ["crm.a.v1/3/7"])
    assert found["quarantined"] == 1


def test_workers_are_added_up() -> None:
    """Events and durations of all, and the shares of the whole."""
    looks = {}
    for name, accepted, late in (("a", 100, 10), ("b", 300, 0)):
        metrics = Metrics()
        first = look(metrics)
        count(metrics, accepted, late, 0, 0.02)
        looks[name] = [(0.0, first), (10.0, look(metrics))]
    found = reports_of(looks)
    assert (found["events_per_s"], found["late"]) == (40.0, 0.025)
    assert found["publish_p99_s"] == pytest.approx(0.025, rel=0.02)
    assert reports_of({}) == {"workers": [], "quarantined": 0}


@pytest.mark.parametrize(
    ("buckets", "part", "expected"),
    [
        ([[1.0, 0], [2.0, 4], [None, 4]], 0.5, 1.5),
        ([[1.0, 10], [2.0, 10], [None, 10]], 0.99, 0.99),
        ([[1.0, 0], [2.0, 1], [None, 2]], 0.99, 2.0),  # above the last bound
        ([[1.0, 0], [2.0, 0], [None, 0]], 0.5, None),
        ([], 0.5, None),
    ],
)
def test_quantiles_lie_within_their_bucket(buckets: list[Any], part: float, expected: float | None) -> None:
    """As Prometheus works them out."""
    nothing = {"buckets": [[bound, 0] for bound, _ in buckets]}
    assert quantile(nothing, {"buckets": buckets}, part) == expected


class Owners:
    """Two lanes of one worker, one of nobody."""

    away = False

    async def owner(self, lane: int) -> QueryPort | None:
        """Where it answers."""
        if self.away:
            raise SinkUnavailable("Redis is away")
        return None if lane == 2 else QueryPort("http://127.0.0.1:1", "x")


class Askers:
    """A worker that answers, or is gone."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.asked = 0
        self.gone = False

    async def worker(self, port: QueryPort) -> dict[str, Any] | None:
        """Counts on."""
        self.asked += 1
        count(self.metrics, 10, 0, 0)
        return None if self.gone else look(self.metrics)


async def test_each_worker_is_asked_once_however_many_lanes_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again while somebody looks; one that is gone is no longer listed."""
    monkeypatch.setattr(workers, "EVERY_S", 0.02)
    owners, askers = Owners(), Askers()
    watch = WorkerWatch(owners, askers, 3)
    assert len((await watch.read())["workers"]) == askers.asked == 1
    await asyncio.sleep(0.1)
    assert (await watch.read())["events_per_s"] > 0
    askers.gone = True
    await asyncio.sleep(0.1)
    assert (await watch.read())["workers"] == []
    owners.away = True
    await asyncio.sleep(0.1)
    with pytest.raises(SinkUnavailable, match="Redis is away"):
        await watch.read()
    owners.away = askers.gone = False
    assert len((await watch.read())["workers"]) == 1
    await watch.close()


async def test_nobody_is_asked_while_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are left alone."""
    monkeypatch.setattr(workers, "EVERY_S", 0.01)
    monkeypatch.setattr(workers, "IDLE_S", 0.05)
    askers = Askers()
    watch = WorkerWatch(Owners(), askers, 1)
    await watch.read()
    await asyncio.sleep(0.2)
    asked = askers.asked
    await asyncio.sleep(0.1)
    assert askers.asked == asked
    await watch.close()
