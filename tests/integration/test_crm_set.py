"""8,800 real opportunities from CSV through Kafka and a worker to Redis have their published answers.

Workers with a frozen clock publish month ends, one after another, from one counted state; each publication shows a
running and a complete month (and quarter). Read from Redis are: everything at the end of 2017, all quarters, some of
the months; with ``soak`` all of them, of every feed. All months and the 337 days of the rolling table are also asked of
an engine that is restored from the state the workers left on Kafka.
"""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from kpis.calendar.windows import window as window_at
from kpis.catalog import CATALOG
from kpis.cells.segments import EVERYTHING
from kpis.engine import Engine
from kpis.formulas.view import Tables, View
from ops.local import Kafka
from tests.feed import ms
from tests.integration.crm_rig import EVENTS, Crm, fed
from tests.sets import crm_opportunities as crm

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not crm.SHARED.exists(), reason="the shared data sets are not beside this repository"),
]
# Each is read with its `month` and `last_month`; the last one is where the counting stops.
LAST: Final = date(2017, 12, 31)
FEW: Final = [date(2017, 3, 31)]
ALL: Final = [date(2016, 10, 31), date(2016, 12, 31),
              *(date(2017, m, d) for m, d in ((2, 28), (4, 30), (6, 30), (8, 31), (10, 31)))]  # fmt: skip
DIMENSIONS: Final = {
    "by_sales_agent": "owner", "by_manager": "manager", "by_regional_office": "regional_office",
    "by_product": "product",
    "by_series": "series", "by_sector": "sector", "by_office_location": "office_location",
}  # fmt: skip
TOTALS: Final = ("closed_won_deals", "closed_lost_deals", "win_rate", "closed_won_value")
SOAK: Final = [pytest.param(feed, marks=pytest.mark.soak) for feed in ("time", "file", "shuffled", "doubled")]


@pytest.fixture
async def empty(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> AsyncIterator[Crm]:
    """An installation without events."""
    found = Crm(kafka.bootstrap, redis_url, app_id, tmp_path)
    yield found
    found.redis.close()


async def test_the_crm_set_has_its_published_answers(empty: Crm) -> None:
    """One feed, in no order: totals, segments, quarters, cycle, velocity, open pipeline, rolling table; some months."""
    await check_feed(empty, "shuffled", FEW)


@pytest.mark.parametrize("feed", SOAK)
async def test_every_feed_of_the_crm_set_gives_every_answer(empty: Crm, feed: str) -> None:
    """In time order, file order, no order, and everything twice: also all months."""
    await check_feed(empty, feed, ALL)


async def check_feed(found: Crm, feed: str, days: list[date]) -> None:
    """Load, count once, and step the clock through ``days``."""
    answers = crm.expected()
    found.counted(await fed(found, feed))
    check_all_time(found, answers)
    check_segments(found, answers)
    check_months(found, answers, LAST)
    check_quarters(found, answers, LAST)
    found.forget()
    for day in days:
        found.step(day)
        check_months(found, answers, day)
        check_quarters(found, answers, day)
    engine = await found.engine()
    check_rolling(engine, found.tenant)
    check_open(engine, found.tenant, answers)


def near(value: Any) -> Any:
    """Equal but for the last digits of a float."""
    return pytest.approx(value, rel=1e-12)


def check_all_time(found: Crm, answers: dict[str, Any]) -> None:
    """Everything at the end of 2017."""
    stages, velocity = answers["stage_counts"], found.fields("pipeline_velocity", "all")
    assert found.number("closed_won_deals", "all") == stages["Won"]
    assert found.number("closed_lost_deals", "all") == stages["Lost"]
    assert found.number("open_pipeline", "all") == stages["Engaging"] + stages["Prospecting"]
    assert found.number("open_pipeline", "month") == stages["Engaging"]
    assert found.number("win_rate", "all") == near(answers["win_rate"])
    assert found.fields("closed_won_value", "all")["value"] == f"{answers['revenue_won']:.2f}"
    assert velocity["currency"] == "USD"
    for suffix, metric in (("", "won"), ("_lost", "lost"), ("_closed", "closed")):
        n, _, median, *_ = answers[f"sales_cycle_days_{metric}"]
        assert found.number(f"sales_cycle_days{suffix}", "all", "n") == n
        assert found.number(f"sales_cycle_days{suffix}", "all") == near(median)
    _, mean, _, p90, *_ = answers["sales_cycle_days_won"]
    assert found.number("sales_cycle_days_mean", "all") == near(mean)
    assert found.number("sales_cycle_days_p90", "all") == near(p90)


def check_segments(found: Crm, answers: dict[str, Any]) -> None:
    """By agent, manager, office, product, series, sector and location."""
    for metric, dimension in DIMENSIONS.items():
        for name, (won, closed, rate, revenue, cycle) in answers[metric].items():
            segment = {dimension: name}
            assert found.number("closed_won_deals", "all", **segment) == won, (metric, name)
            assert found.number("win_rate", "all", "denominator", **segment) == closed
            assert found.number("win_rate", "all", **segment) == near(rate)
            assert found.fields("closed_won_value", "all", **segment)["value"] == f"{revenue:.2f}"
            assert found.number("sales_cycle_days_mean", "all", **segment) == near(cycle)


def check_months(found: Crm, answers: dict[str, Any], day: date) -> None:
    """The month that ends with ``day`` and the one before: closed deals, velocity, and what was open at the end."""
    before = day.replace(day=1) - timedelta(days=1)
    for window, end in (("month", day), ("last_month", before)):
        name = f"{end:%Y-%m}"
        check_closed(found, window, answers["closed_by_month"].get(name))
        assert found.number("open_pipeline", window) == answers["open_pipeline_at_month_end"].get(str(end), 0), name
        basis = answers["pipeline_velocity_closed_basis_by_month"].get(name)
        check_velocity(found, "pipeline_velocity_closed", window, basis and (basis[0], basis[4]))


def check_quarters(found: Crm, answers: dict[str, Any], day: date) -> None:
    """The quarter that ends with ``day`` and the one before."""
    if day.month % 3:
        return
    before = date(day.year, day.month - 2, 1) - timedelta(days=1)
    for window, end in (("quarter", day), ("last_quarter", before)):
        name = f"{end.year}Q{end.month // 3}"
        check_closed(found, window, answers["closed_by_quarter"].get(name))
        closed = answers["pipeline_velocity_closed_basis_by_quarter"].get(name)
        check_velocity(found, "pipeline_velocity_closed", window, closed and (closed[0], closed[4]))
        check_velocity(
            found, "pipeline_velocity_worked", window, answers["pipeline_velocity_worked_basis_by_quarter"].get(name)
        )
        if cycle := answers["sales_cycle_days_won_by_quarter"].get(name):
            kinds = ("_mean", "", "_p90")
            assert [found.number(f"sales_cycle_days{kind}", window) for kind in kinds] == near(cycle[1:4])
            assert found.number("sales_cycle_days", window, "n") == cycle[0]


def check_closed(found: Crm, window: str, wanted: list[Any] | None) -> None:
    """[won, lost, closed, win rate, revenue]; None: nothing was closed, and a rate is null."""
    won, lost, closed, rate, revenue = wanted or (0, 0, 0, None, 0.0)
    assert [found.number(kpi, window) for kpi in TOTALS] == [won, lost, rate and near(rate), revenue], window
    assert found.number("win_rate", window, "denominator") == closed


def check_velocity(found: Crm, kpi: str, window: str, wanted: Any) -> None:
    """(deals, money a day) on a stated basis, printed in cents; None: there is no velocity."""
    if wanted is None:
        assert found.number(kpi, window) is None
        return
    parts = found.fields(kpi, window)["parts"]
    assert found.number(kpi, window) == pytest.approx(wanted[1], abs=0.005), parts


def check_rolling(engine: Engine, tenant: str) -> None:
    """All lines of the trailing 30 days: won, closed, rate and money."""
    formulas = {kpi.id: kpi.whole for kpi in CATALOG if kpi.whole is not None}
    own = engine.state(tenant).tenant
    lines = crm.rolling()
    assert len(lines) == 337
    for line in lines:
        at = window_at("30d", ms(crm.after(line["day"])), own.zone)
        view = View(Tables(own.cells, own.rates, own.settings), at, (EVERYTHING,))
        rate, money = formulas["win_rate"](view), formulas["closed_won_value"](view)
        assert [rate.numerator, rate.n] == [int(line["won_30d"]), int(line["closed_30d"])], line
        assert rate.value == (pytest.approx(float(line["win_rate_30d"])) if line["win_rate_30d"] else None)
        assert money.value == int(line["revenue_won_30d"])


def check_open(engine: Engine, tenant: str, answers: dict[str, Any]) -> None:
    """Open pipeline at all month ends."""
    own = engine.state(tenant).tenant
    formula = next(kpi.whole for kpi in CATALOG if kpi.id == "open_pipeline" and kpi.whole)
    for end, wanted in crm.month_ends(answers["open_pipeline_at_month_end"]):
        at = window_at("month", ms(end), own.zone)
        assert formula(View(Tables(own.cells, own.rates, own.settings), at, (EVERYTHING,))).value == wanted, end


def test_the_doubled_feed_is_known_as_such() -> None:
    """The number of events a feed of the set has, so that the waiting above means what it says."""
    assert len(crm.rows()) == EVENTS
