"""Formulas of what customers spend."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from kpis.facts.event_types import ORDERS
from kpis.formulas.common import Figure, Formula, Step, flow, quantile, ratio
from kpis.formulas.ranked import Many, Ranked, Ranks, money_rank, ranks
from kpis.formulas.view import View
from models.money import digits


def _lifetime_value(view: View) -> Figure:
    worth, customers = view.money_dated("ltv"), view.flow("new_customers")
    value = worth.amount / customers if customers else None
    return Figure(value, worth.amount, customers, customers, worth.unpriced)


def _lifetime_rank(many: Many) -> Ranks | None:
    if set(many.suffixes("ltv#")) - {many.currency, ""}:
        return None  # amounts have the rates of their days
    worth, unpriced = many.flow(f"ltv:{many.currency}"), many.flow("ltv#:")
    return ranks(many, many.flow("new_customers"), worth, unpriced)


lifetime_value: Final = Ranked(_lifetime_value, _lifetime_rank)
"""Mean revenue so far of the window's new customers. Source: HubSpot's "Total revenue" of a company."""


def _order_value(view: View) -> Figure:
    net = view.money("net")
    return Figure(net.amount / net.priced if net.priced else None, net.amount, net.priced, net.priced, net.unpriced)


order_value: Final = Ranked(_order_value, lambda many: money_rank(many, "net"))
"""Mean net amount of the orders that were kept and have a price. Source: Shopify's "Average order value"."""


def _gap_median(view: View) -> Figure:
    days = view.values("between")
    return Figure(quantile(days, Fraction(1, 2)), None, None, days.total())


gap_median: Final = Ranked(_gap_median, lambda many: ranks(many, many.count_values("between")))
"""Median of the local days between two orders of a customer."""
gap_mean: Final = ratio(flow("between_days"), flow("betweens"))
"""Mean of the local days between two orders of a customer."""


def median_value(view: View) -> Figure:
    """Median of lifetime value; each customer's is rounded to the currency's digits first."""
    worths, unpriced = view.spenders.worths(view.window, view.segments)
    n = len(worths)
    value = Fraction(worths[(n - 1) // 2] + worths[n // 2], 2 * 10 ** digits(view.currency)) if n else None
    return Figure(value, None, None, n, unpriced)


def retention_cost(view: View) -> Figure:
    """Money spent on retention per customer who was active at the start and still is at the end."""
    cost = view.money("cost.retention")
    kept = view.level_at_start("active") - view.marked("lost")
    return Figure(cost.amount / kept if kept else None, cost.amount, kept, kept, cost.unpriced)


def rfm(view: View) -> Iterator[Step]:
    """Customers by recency, frequency and money, each in fifths. Source: Hughes, Strategic Database Marketing, 1994."""
    for name, customers, unpriced in view.spenders.ranked(view.window.end):
        yield Step(name, _fixed(Figure(customers, customers, None, customers, unpriced)), ORDERS)


def _fixed(figure: Figure) -> Formula:
    return lambda view: figure
