"""Data quality."""

from kpis.catalog.row import Kpi
from kpis.facts.event_types import EVERY
from kpis.formulas import common as f
from kpis.formulas import quality as q


def quality() -> tuple[Kpi, ...]:
    received = f.flow("received")

    def rate(id_: str, title: str, *measures: str, more: f.Count = lambda view: 0) -> Kpi:
        formula = f.ratio(f.plus(*(f.flow(measure) for measure in measures), more), received)
        return Kpi(id_, title, "ratio", formula, EVERY, quality=True, robots=False, direction="down")

    return (
        Kpi("received", "Events received", "count", q.received, EVERY, quality=True, robots=False),
        rate("duplicate_rate", "Duplicate rate", "duplicates"),
        rate("conflict_rate", "Conflict rate", "conflicts"),
        rate("invalid_rate", "Invalid event rate", "invalid"),
        rate("rejected_rate", "Rejection rate", "conflicts", "invalid"),
        rate("late_rate", "Late event rate", "late"),
        rate("unpriced_rate", "Unpriced event rate", "unpriced", more=lambda view: view.without_rate("priced")),
        rate("bot_rate", "Bot event rate", "robots"),
    )
