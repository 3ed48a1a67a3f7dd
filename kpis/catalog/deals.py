"""Deals: won, lost, open, and how long they take."""

from fractions import Fraction
from typing import Final

from kpis.catalog.row import Kpi
from kpis.facts.event_types import DEALS
from kpis.formulas import common as f

AVERAGE: Final = frozenset({"avg_won_value"})
MEDIAN, P90 = Fraction(1, 2), Fraction(9, 10)


def deals() -> tuple[Kpi, ...]:
    won, lost = f.flow("won"), f.flow("lost")
    closed = f.plus(won, lost)
    stale = f.plus(closed, f.level("stale"))
    share = f.money_ratio("won_value", "lost_value")
    pipeline = f.money_level("open_value", undated=True)
    return (
        Kpi("closed_won_deals", "Closed-won deals", "count", f.count(won), DEALS, "deal"),
        Kpi("closed_won_value", "Closed-won value", "money", f.money("won_value"), DEALS, "deal"),
        Kpi("closed_lost_deals", "Closed-lost deals", "count", f.count(lost), DEALS, "deal", direction="down"),
        Kpi("closed_lost_value", "Closed-lost value", "money", f.money("lost_value"), DEALS, "deal", direction="down"),
        Kpi("win_rate", "Win rate", "ratio", f.ratio(won, closed), DEALS, "deal"),
        Kpi("win_rate_value", "Win rate by value", "ratio", share, DEALS, "deal", money_sides=(True, True)),
        Kpi(
            "win_rate_incl_stale", "Win rate, stale deals counted as lost", "ratio", f.ratio(won, stale), DEALS, "deal"
        ),
        Kpi("open_pipeline", "Open deals", "count", f.count(f.open_deals), DEALS, "deal", stock=True),
        Kpi("open_pipeline_value", "Open pipeline value", "money", pipeline, DEALS, "deal", stock=True),
    )


def cycles() -> tuple[Kpi, ...]:
    def cycle(suffix: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(f"sales_cycle_days{suffix}", title, "days", formula, DEALS, "deal", direction="down")

    def velocity(suffix: str, title: str, *basis: str) -> Kpi:
        formula = f.velocity(*basis)
        return Kpi(f"pipeline_velocity{suffix}", title, "money/day", formula, DEALS, "deal", money_parts=AVERAGE)

    return (
        cycle("", "Sales cycle length, median", f.cycle_quantile(MEDIAN, "won")),
        cycle("_mean", "Sales cycle length, mean", f.cycle_mean),
        cycle("_p90", "Sales cycle length, 90th percentile", f.cycle_quantile(P90, "won")),
        cycle("_lost", "Sales cycle length, lost deals", f.cycle_quantile(MEDIAN, "lost")),
        cycle("_closed", "Sales cycle length, all closed deals", f.cycle_quantile(MEDIAN, "won", "lost")),
        velocity("", "Pipeline velocity", "open"),
        velocity("_closed", "Pipeline velocity, closed deals", "closed"),
        velocity("_worked", "Pipeline velocity, open and closed deals", "open", "closed"),
    )
