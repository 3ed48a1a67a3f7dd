"""Customer cohorts, and the value of a subscription customer."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final

from recount.facts import Fact, Figure, ratio
from recount.figures import money_sum
from recount.quality import Types
from recount.revenue import Customer, Pair, inside, is_guest, orders_of
from recount.tenant import Tenant
from recount.windows import Window, local_date, midnight, unit_start

CUSTOMER: Final = Types(("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won"))
KEPT: Final = {"month": 24, "week": 26}  # number of cohorts shown
MONTHS: Final = 6
Step = tuple[str, Figure, Types]


def next_start(start: date, unit: str) -> date:
    """The first date of the following unit."""
    return unit_start(start + timedelta(days=7 if unit == "week" else 31), unit)


def label(start: date, unit: str) -> str:
    """A cohort's label."""
    if unit == "month":
        return f"{start:%Y-%m}"
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02}"


class Cohorts:
    """Customers by the unit in which they became one."""

    def __init__(self, tenant: Tenant) -> None:
        self.zone = tenant.zone
        self.customers = tenant.revenue.customers
        self.ordered: dict[str, list[int]] = {}
        for order_id, order in orders_of(tenant.counted).items():
            if order.kept and order.completed:
                subject = tenant.people.subject_of_object("order", order_id)
                if not is_guest(subject):
                    self.ordered.setdefault(subject, []).append(order.completed.time)

    def steps(self, unit: str) -> Callable[[Window], Iterable[Step]]:
        """Every cohort in every later unit."""

        def of(window: Window) -> Iterable[Step]:
            starts = [unit_start(local_date(window.end - 1, self.zone), unit)]
            while len(starts) < KEPT[unit]:
                starts.insert(0, unit_start(starts[0] - timedelta(days=1), unit))
            for place, start in enumerate(starts):
                for later, then in enumerate(starts[place:]):
                    members = self.members(start, unit, window)
                    kept = [one for one in members if self.kept(one, then, unit, window)]
                    yield f"{label(start, unit)}+{later}", ratio(len(kept), len(members)), CUSTOMER

        return of

    def members(self, start: date, unit: str, window: Window) -> list[str]:
        """Customers gained in a unit."""
        return [
            subject
            for subject, one in self.customers.items()
            if one.since is not None
            and one.since < window.end
            and unit_start(local_date(one.since, self.zone), unit) == start
        ]

    def kept(self, subject: str, start: date, unit: str, window: Window) -> bool:
        """Whether a customer was still active in a unit: by contract at its end, else by an order in it."""
        opens = midnight(start, self.zone)
        closes = min(midnight(next_start(start, unit), self.zone), window.end)
        one: Customer = self.customers[subject]
        if one.contractual:
            return inside(one.active, closes)
        return any(opens <= at < closes for at in self.ordered.get(subject, []))


class MonthlyChurn:
    """Customers lost in each of the last complete months."""

    def __init__(self, tenant: Tenant) -> None:
        self.zone, self.customers = tenant.zone, tenant.revenue.customers

    def pairs(self, window: Window) -> list[Fact]:
        """Every customer at both ends of each of the last complete months."""
        edges = [unit_start(local_date(window.end, self.zone), "month")]
        while len(edges) <= MONTHS:
            edges.insert(0, unit_start(edges[0] - timedelta(days=1), "month"))
        instants = [midnight(edge, self.zone) for edge in edges]
        return [
            Fact(0, one.dims, Pair(inside(one.active, opens), inside(one.active, closes)))
            for opens, closes in pairwise(instants)
            for one in self.customers.values()
        ]


def simple_lifetime_value(margin: Fraction) -> Callable[..., Figure]:
    """MRR per customer × margin / monthly churn."""

    def figure(paid: Sequence[Fact], active: Sequence[Fact], pairs: Sequence[Fact]) -> Figure:
        money = money_sum([fact.what for fact in paid])
        total = Fraction(money.value or 0)
        starts = sum(fact.what.at_start for fact in pairs)
        lost = sum(fact.what.at_start and not fact.what.at_end for fact in pairs)
        each = total / len(active) * margin if active else None
        churn = Fraction(lost, starts) if starts else None
        value = each / churn if each is not None and churn else None
        bound = each * starts if each is not None and starts and not lost else None
        parts = {"mrr": total, "active": len(active), "churned": lost, "at_start": starts}
        return Figure(value, each, churn, len(active), money.unpriced, parts, bound=bound)

    return figure
