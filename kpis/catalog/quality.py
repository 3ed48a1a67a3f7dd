"""Quality of the stream."""

from kpis.catalog.row import Kpi
from kpis.facts.event_types import EVERY
from kpis.formulas import common as f


def quality() -> tuple[Kpi, ...]:
    received = f.flow("received")

    def rate(id_: str, title: str, *measures: str, more: f.Count = lambda view: 0) -> Kpi:
        formula = f.ratio(f.plus(*(f.flow(measure) for measure in measures), more), received)
        return Kpi(id_, title, "ratio", formula, EVERY, quality=True, robots=False, direction="down")

    return (
        Kpi("received", "Events received", "count", f.count(received), EVERY, quality=True, robots=False),
        rate("duplicate_rate", "Duplicate events", "duplicates"),
        rate("conflict_rate", "Conflicting events", "conflicts"),
        rate("invalid_rate", "Invalid events", "invalid"),
        rate("rejected_rate", "Rejected events", "conflicts", "invalid"),
        rate("late_rate", "Late events", "late"),
        rate("unpriced_rate", "Money without a price", "unpriced", more=lambda view: view.without_rate("priced")),
        rate("bot_rate", "Robots' events", "robots"),
    )
