"""2,240 real customers, their purchases and campaigns have their published answers; with ``soak`` in every feed."""

from pathlib import Path
from typing import Any, Final

import pytest

from kpis.calendar.windows import window as window_at
from kpis.catalog import CATALOG
from kpis.cells.segments import EVERYTHING
from kpis.formulas.view import Tables, View
from models.settings import TenantBook
from tests.feed import ms
from tests.sets import marketing_campaign as campaign
from tests.sets.feeds import FEEDS, SHARED, Counted, Documents, computed, expected, in_feed

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not beside this repository")
END: Final = "2014-09-01"
SOAK: Final = [pytest.param(feed, marks=pytest.mark.soak) for feed in ("time", "file", "doubled")]
READ: Final = (
    "new_customers", "signups", "email_click_rate", "engagement_by_channel", "closed_won_deals", "tickets_opened",
    "customer_lifetime_value", "customer_lifetime_value_median", "visitors",
)  # fmt: skip


@pytest.mark.parametrize("feed", ["shuffled", *SOAK])
def test_the_campaign_set_has_its_published_answers(feed: str) -> None:
    """By the engine: totals, campaigns, places of purchase, lifetime value, months and marital status."""
    counted = Counted(TenantBook.from_mapping({"tenant": campaign.SETTINGS}))
    answers, told = expected("marketing_campaign"), campaign.events()
    check(counted.take(in_feed(told, feed)).documents(ms(END)), answers)
    check_months(counted, answers["signups_by_month"])


@pytest.mark.parametrize("feed", FEEDS)
def test_the_sixth_campaign_has_its_published_return(feed: str) -> None:
    """Revenue credited to its clicks against its cost, of the campaign and of all marketing."""
    wanted = pytest.approx(expected("marketing_campaign")["response_roi"], rel=1e-12)
    found = Counted(TenantBook()).take(in_feed(campaign.response(), feed)).documents(ms(END))
    for segment in ((), (("campaign", "Response"),)):
        for model in ("", "_first", "_last", "_position"):
            assert found[f"marketing_roi{model}", "month", segment]["value"] == wanted


@pytest.mark.soak
def test_compute_has_the_same_answers(tmp_path: Path) -> None:
    """From one file in no order, without a server."""
    told = in_feed(campaign.events(), "shuffled")
    check(computed(told, tmp_path, f"{END}T00:00:00Z", campaign.SETTINGS, *READ), expected("marketing_campaign"))


def check(found: Documents, answers: dict[str, Any]) -> None:
    """Everything at the end of August 2014."""

    def of(kpi: str, field: str = "value", window: str = "all", **segment: str) -> Any:
        return found[kpi, window, tuple(segment.items())][field]

    customers = answers["customers"]
    assert [of("new_customers"), of("signups")] == [customers, customers]
    for name, (accepted, rate) in answers["acceptance"].items():
        assert [of("email_click_rate", side, campaign=name) for side in ("numerator", "n")] == [accepted, customers]
        assert of("email_click_rate", campaign=name) == pytest.approx(rate, rel=1e-12)
    assert of("engagement_by_channel", "n", channel="email") == answers["accepted_any"]
    bought = answers["purchases_per_channel"]
    for column, place in campaign.PLACES.items():
        assert of("closed_won_deals", purchase_channel=place) == bought[column]
    assert of("engagement_by_channel", channel="form") == bought["NumDealsPurchases"]
    assert of("engagement_by_channel", channel="page") == answers["web_visits_and_purchases"][0]
    mean, median = answers["clv_two_years"]
    assert of("customer_lifetime_value", "numerator") == f"{mean * customers:.2f}"
    assert [of("customer_lifetime_value"), of("customer_lifetime_value_median")] == [f"{mean:.2f}", f"{median:.2f}"]
    assert of("tickets_opened") / customers == pytest.approx(answers["complaint_rate"], rel=1e-12)
    for status, (asked, accepted, rate) in answers["response_by_marital_status"].items():
        sides = [of("email_click_rate", side, "month", marital_status=status) for side in ("numerator", "denominator")]
        assert sides == [accepted, asked], status
        assert of("email_click_rate", window="month", marital_status=status) == pytest.approx(rate, rel=1e-12)


def check_months(counted: Counted, months: dict[str, int]) -> None:
    """Who joined in each month, and lifetime value of those of all months together."""
    own = counted.engine.state("t").tenant
    formulas = {kpi.id: kpi.whole for kpi in CATALOG if kpi.whole is not None}
    total = 0
    for month, wanted in months.items():
        year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
        at = window_at("month", ms(f"{year}-{number + 1:02d}-01"), own.zone)
        view = View(Tables(own.cells, own.rates, own.settings, own.spend_table), at, (EVERYTHING,))
        assert [formulas[kpi](view).value for kpi in ("new_customers", "signups")] == [wanted, wanted], month
        assert formulas["customer_lifetime_value_median"](view).n == wanted
        total += int(formulas["customer_lifetime_value"](view).numerator or 0)
    assert total == sum(counted_spending())


def counted_spending() -> list[int]:
    """What every customer spent, from the file."""
    return [sum(int(value) for column, value in line.items() if column.startswith("Mnt")) for line in campaign.rows()]
