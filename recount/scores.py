"""Effort and satisfaction answers on their own scales."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from models.record import Row
from recount.facts import Fact, Figure, dated, ratio
from recount.quality import Types
from recount.responses import responses
from recount.row import KpiRow
from recount.scales import scale_of, six
from recount.tenant import Tenant


class Rating(NamedTuple):
    """An answer; higher is better."""

    score: Fraction
    low: Fraction
    high: Fraction

    @property
    def is_top(self) -> bool:
        """In the upper 40 % of the scale."""
        return self.score >= self.low + Fraction(6, 10) * (self.high - self.low)

    @property
    def place(self) -> Fraction:
        """Position on the scale, 0 to 100."""
        return 100 * (self.score - self.low) / (self.high - self.low)


def rating(row: Row) -> Rating:
    """An answer's rating; effort is reversed."""
    low, high = scale_of(row.data)
    score = six(row.data["score"])
    backwards = row.data["survey_type"] == "effort" and row.data.get("polarity") == "effort"
    return Rating(low + high - score if backwards else score, low, high)


def mean(facts: Sequence[Fact]) -> Figure:
    """Mean score; none if scales are mixed."""
    if len({(fact.what.low, fact.what.high) for fact in facts}) > 1:
        return Figure(None, None, len(facts), len(facts), mixed=True)
    return ratio(sum((fact.what.score for fact in facts), Fraction(0)), len(facts))


def top_box(facts: Sequence[Fact]) -> Figure:
    """Share of the top answers."""
    return ratio(sum(fact.what.is_top for fact in facts), len(facts))


def index(facts: Sequence[Fact]) -> Figure:
    """Mean position on the scale, 0 to 100."""
    return ratio(sum((fact.what.place for fact in facts), Fraction(0)), len(facts))


def score_rows(tenant: Tenant) -> list[KpiRow]:
    """Customer effort and satisfaction."""

    def row(kpi: str, unit: str, kind: str, formula: Callable[[Sequence[Fact]], Figure]) -> KpiRow:
        def test(event: Row) -> bool:
            return event.data.get("survey_type") == kind

        answers = responses(tenant.counted, kind, tenant.people)
        facts = [Fact(event.time, tenant.answer_dims(event), rating(event)) for event in answers]
        types = Types(("crm.survey.answered",), test)
        return KpiRow(kpi, unit, types, "survey", formula, (dated(facts),), thin=True)

    return [
        row("customer_effort_score", "score", "effort", mean),
        row("customer_effort_score_top_box", "ratio", "effort", top_box),
        row("customer_effort_score_index", "index", "effort", index),
        row("csat", "ratio", "csat", top_box),
        row("csat_mean", "score", "csat", mean),
    ]
