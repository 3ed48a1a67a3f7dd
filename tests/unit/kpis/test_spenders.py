"""Medians and ranks over all customers: at any end, as known now."""

from typing import Any

from models.settings import TenantBook
from tests.feed import ms
from tests.sets.feeds import Counted, Event, event

SEK = TenantBook.from_mapping({"tenant": {"currency": "SEK"}})


def order(name: str, customer: str, day: str, amount: str, currency: str = "EUR") -> Event:
    """An order of a day's noon."""
    about: dict[str, Any] = {"order_id": name, "customer_id": customer, "amount": amount, "currency": currency}
    return event("order.completed", f"o{name}", f"{day}T12:00:00Z", **about)


def cells(counted: Counted, as_of: str, window: str = "all") -> dict[str, int]:
    """Customers by cell."""
    found = counted.documents(ms(as_of))
    return {key[2][0][1]: doc["value"] for key, doc in found.items() if key[:2] == ("rfm_segment", window)}


def five() -> Counted:
    """Five customers, each bought once more, for more and a day later than the one before."""
    told = [order(f"{who}-{n}", f"c{who}", f"2026-05-0{1 + who}", "10.00") for who in range(5) for n in range(who + 1)]
    return Counted(TenantBook()).take(told)


def test_five_customers_are_in_five_cells() -> None:
    """And those who are equal share the lower rank."""
    counted = five()
    assert cells(counted, "2026-06-10") == {f"{k}-{k}-{k}": 1 for k in range(1, 6)}
    counted.take([order("twin", "twin", "2026-05-01", "10.00")])
    assert cells(counted, "2026-06-10") == {"1-1-1": 2, "2-2-2": 1, "3-3-3": 1, "4-4-4": 1, "5-5-5": 1}


def test_the_end_of_a_window_decides_what_counts() -> None:
    """A past end knows nothing of later orders, a refund changes it."""
    counted = five().take([order("new", "c0", "2026-06-05", "999.00")])
    assert cells(counted, "2026-06-10", "last_month") == {f"{k}-{k}-{k}": 1 for k in range(1, 6)}
    assert cells(counted, "2026-06-10") == {"5-1-5": 1, "1-1-1": 1, "2-3-2": 1, "3-4-3": 1, "4-5-4": 1}
    back = {"order_id": "0-0", "amount": "10.00", "currency": "EUR"}
    counted.take([event("order.refunded", "r", "2026-06-06T00:00:00Z", **back)])
    assert sum(cells(counted, "2026-06-10", "last_month").values()) == 4
    assert cells(counted, "2026-06-10")["5-1-5"] == 1


def test_a_rate_that_comes_later_prices_the_median() -> None:
    """Foreign money without a rate is not summed and says so."""
    counted = Counted(SEK).take([order("a", "c", "2026-05-01", "10.00"), order("b", "c", "2026-05-02", "5.05", "SEK")])
    key = ("customer_lifetime_value_median", "all", ())
    before = counted.documents(ms("2026-06-01"))[key]
    assert [before["value"], before["unpriced"], before["status"]] == ["5.05", 1, "partial"]
    rate = {"base": "EUR", "quote": "SEK", "rate": "11.0125", "date": "2026-05-01"}
    after = counted.take([event("fx.rate_set", "x", "2026-05-20T00:00:00Z", **rate)]).documents(ms("2026-06-01"))[key]
    assert after["value"] == "115.18"  # 110.125 + 5.05, half to even
    assert "unpriced" not in after


def test_a_payment_makes_the_median_anew_where_its_customer_began() -> None:
    """That is one day, one week and one month of its history, and not all of it."""
    counted = Counted(TenantBook()).take([order(f"{n}", f"c{n}", f"2026-05-{n:02}", "10.00") for n in range(1, 29)])
    assert len(medians(counted)) > 28
    assert medians(counted.take([order("more", "c7", "2026-06-09", "90.00")])) == {
        "2026-05-07": "100.00", "2026-05-04": "10.00", "2026-05": "10.00"
    }  # fmt: skip
    assert medians(counted.take([order("new", "d", "2026-05-07", "90.00")])) == {
        "2026-05-07": "95.00", "2026-05-04": "10.00", "2026-05": "10.00"
    }  # fmt: skip


def medians(counted: Counted) -> dict[str, Any]:
    """The points of the median that are due."""
    found, more = dict[str, Any](), True
    while more:
        made = counted.engine.compose(ms("2026-06-10"), live=True, enough=lambda: False)
        for one in (points for part in made.slices for points in part.points):
            if one.kpi == "customer_lifetime_value_median":
                found |= {bucket: value for bucket, (value, *_) in one.values.items()}
        more = made.more
    return found
