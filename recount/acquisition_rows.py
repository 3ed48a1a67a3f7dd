"""The rows of acquisition and marketing."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from recount.acquisition import CUSTOMER, Acquisition, Buyer
from recount.channels import POSSIBLE
from recount.facts import Fact, Figure, Source, ratio
from recount.figures import quantile
from recount.quality import Types
from recount.row import KpiRow
from recount.windows import (
    ALL_WINDOWS,
    COMPLETE,
    DAY,
    LOCAL_DAYS,
    MINUTE,
    NEVER,
    PAIR_WINDOWS,
    RUNNING,
    Window,
    ceil_to,
    local_date,
    midnight,
)

if TYPE_CHECKING:
    from recount.tenant import Tenant

Facts = Sequence[Fact]
COST_WINDOWS: Final = (*PAIR_WINDOWS, "yesterday", "all")
PURCHASE: Final = ("crm.order.", "crm.deal.")
TOUCHES: Final = tuple(f"crm.{name}" for name in POSSIBLE)
MONTH: Final = 30


def acquisition_rows(tenant: "Tenant") -> list[KpiRow]:
    """All rows of this block."""
    found = tenant.acquisition
    return [*cost_rows(tenant, found), *marketing_rows(tenant, found), *buyer_rows(tenant, found)]


def total(values: Iterable[Fraction | None]) -> tuple[Fraction, int, int]:
    """The sum of priceable values, and how many could and could not be priced."""
    every = list(values)
    priced = [value for value in every if value is not None]
    return sum(priced, Fraction(0)), len(priced), len(every) - len(priced)


def per_customer(cost: Facts, new: Facts) -> Figure:
    """Cost per new customer."""
    amount, _, unpriced = total(fact.what[1] for fact in cost)
    found = ratio(amount, len(new))
    return Figure(found.value, amount, len(new), len(new), unpriced)


def cost_rows(tenant: "Tenant", found: Acquisition) -> list[KpiRow]:
    """Acquisition cost per new customer."""
    types = Types(("crm.cost.recorded", *CUSTOMER.names))

    def lagged(window: Window) -> list[Fact]:
        return found.cost(a_month_earlier(window, tenant))

    def row(kpi: str, cost: Source) -> KpiRow:
        return KpiRow(
            kpi, "money", types, "acquisition", per_customer, (cost, found.new), windows=COST_WINDOWS,
            thin=True, money_sides=(True, False),
        )  # fmt: skip

    return [row("customer_acquisition_cost", found.cost), row("customer_acquisition_cost_lagged", lagged)]


def a_month_earlier(window: Window, tenant: "Tenant") -> Window:
    """The window of costs that belongs to a window's customers: one month, or 30 days, earlier."""
    name, zone = window.name, tenant.zone
    start, end = window.start, ceil_to(window.end, MINUTE)
    first, last = local_date(start, zone), local_date(window.end - 1, zone)
    if name == "24h":
        return window._replace(low=start - MONTH * DAY, end=end - MONTH * DAY)
    if name in LOCAL_DAYS:
        first, last = first - timedelta(days=MONTH), last - timedelta(days=MONTH)
    elif name in ("week", "yesterday", "last_week"):
        length = last - first
        first = month_before(first)
        last = first + length
    elif name in RUNNING or name == "all":
        first, last = month_before(first), month_before(last)
    elif name in COMPLETE:
        first, last = month_before(first), month_before(last + timedelta(days=1)) - timedelta(days=1)
    low = NEVER if name == "all" else midnight(first, zone)
    return window._replace(low=low, end=midnight(last + timedelta(days=1), zone))


def month_before(day: date) -> date:
    """The same day of the previous month, or that month's last day."""
    end = day.replace(day=1) - timedelta(days=1)
    return end.replace(day=min(day.day, end.day))


def marketing_rows(tenant: "Tenant", found: Acquisition) -> list[KpiRow]:
    """Marketing return on its cost."""
    types = Types(("crm.cost.recorded", *TOUCHES, *PURCHASE))
    margin = Fraction(tenant.settings.margin)

    def worth(share: Fraction, less_cost: bool) -> Callable[..., Figure]:
        def figure(credits: Facts, cost: Facts, unattributed: Facts) -> Figure:
            credited, n, bad = total(fact.what for fact in credits)
            spent, _, bad_cost = total(fact.what[1] for fact in cost)
            rest, _, bad_rest = total(fact.what for fact in unattributed)
            top = credited * share - (spent if less_cost else 0)
            parts = {"unattributed": rest} if unattributed else {}
            value = top / spent if spent else None
            return Figure(value, top, spent, n, bad + bad_cost + bad_rest, parts)

        return figure

    def row(kpi: str, model: str, formula: Callable[..., Figure]) -> KpiRow:
        return KpiRow(
            kpi, "ratio", types, "marketing", formula,
            (found.credits(model), found.marketing_cost, found.unattributed), windows=COST_WINDOWS, thin=True,
            money_sides=(True, True), money_parts=frozenset({"unattributed"}),
        )  # fmt: skip

    roi, roas = worth(Fraction(1), True), worth(Fraction(1), False)
    models = {"": "linear", "_first": "first", "_last": "last", "_position": "position"}
    return [
        *(row(f"marketing_roi{suffix}", model, roi) for suffix, model in models.items()),
        row("marketing_roi_margin", "linear", worth(margin, True)),
        *(row(f"return_on_ad_spend{suffix}", model, roas) for suffix, model in models.items()),
    ]


def source_share(facts: Facts) -> Figure:
    """A source's share of new customers."""
    return ratio(len(facts), facts[0].what if facts else 0)


def lasted(buyers: Facts) -> tuple[list[int], dict[str, int]]:
    """Days from touch to purchase, and the number of buyers without."""
    known: list[Buyer] = [fact.what for fact in buyers if fact.what.touched and fact.what.bought]
    days = [(buyer.bought - buyer.touched).days for buyer in known if buyer.bought and buyer.touched]
    good = [day for day in days if day >= 0]
    return good, {"bad_interval": len(days) - len(good), "untouched": len(buyers) - len(days)}


def at(place: Fraction) -> Callable[[Facts], Figure]:
    """A quantile of the days to a purchase."""

    def figure(buyers: Facts) -> Figure:
        days, parts = lasted(buyers)
        return Figure(quantile(days, place), None, None, len(days), parts=parts)

    return figure


def mean(buyers: Facts) -> Figure:
    """The mean of the days to a purchase."""
    days, parts = lasted(buyers)
    return Figure(Fraction(sum(days), len(days)) if days else None, sum(days), len(days), len(days), parts=parts)


def survival(persons: Facts) -> Figure:
    """Kaplan–Meier median of the days to a purchase."""
    seen: list[tuple[int, bool]] = []
    for fact in persons:
        touched, bought, today = fact.what
        if bought is None or bought > today:
            seen.append(((today - touched).days, False))
        else:
            seen.append(((bought - touched).days, True))
    good = [one for one in seen if one[0] >= 0]
    parts = {"bad_interval": len(seen) - len(good)}
    alive, value = Fraction(1), None
    for day in sorted({day for day, event in good if event}):
        at_risk = sum(other >= day for other, _ in good)
        alive *= 1 - Fraction(sum(one == (day, True) for one in good), at_risk)
        if value is None and alive <= Fraction(1, 2):
            value = day
    bound = max((day for day, _ in good), default=None) if value is None else None
    return Figure(value, None, None, len(good), parts=parts, bound=bound)


def buyer_rows(tenant: "Tenant", found: Acquisition) -> list[KpiRow]:
    """The origin of customers, and their time to purchase."""
    buying = Types((*TOUCHES, *PURCHASE))

    def by_source(window: Window) -> list[Fact]:
        new = found.new(window)
        return [Fact(fact.at, {"source": fact.dims["source"]}, len(new)) for fact in new]

    def still(window: Window) -> list[Fact]:
        today = local_date(window.as_of - 1, tenant.zone)
        return [fact._replace(what=(*fact.what, today)) for fact in found.touched(window)]

    def time_to(suffix: str, formula: Callable[..., Figure], pick: Source) -> KpiRow:
        kpi = f"time_to_purchase_days{suffix}"
        return KpiRow(kpi, "days", buying, "subject", formula, (pick,), windows=ALL_WINDOWS, thin=True)

    sources = Types((*CUSTOMER.names, *TOUCHES))
    return [
        KpiRow("customer_source_share", "ratio", sources, "source", source_share, (by_source,), thin=True),
        time_to("", at(Fraction(1, 2)), found.buyers),
        time_to("_p90", at(Fraction(9, 10)), found.buyers),
        time_to("_mean", mean, found.buyers),
        time_to("_censored", survival, still),
    ]
