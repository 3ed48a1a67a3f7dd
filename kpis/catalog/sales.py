"""Sales beyond closed and open deals: time in stages, touches to close, the funnel, and how leads are answered."""

from fractions import Fraction
from typing import Final

from kpis.catalog.row import Kpi, Unit, Vector
from kpis.facts.event_types import TRAFFIC
from kpis.facts.outreach import TYPES
from kpis.formulas import common as f
from kpis.formulas import sales as s
from kpis.formulas.common import Step

MEDIAN, P90 = Fraction(1, 2), Fraction(9, 10)
CONTACTS: Final = TYPES[:-1]  # lead.contacted is among the events of leads
STAGES: Final = tuple(f"crm.deal.{kind}" for kind in ("created", "stage_changed", "won", "lost", "reopened"))
RESPONSE: Final = ("crm.lead.", *CONTACTS)
FUNNEL: Final = ("crm.page.viewed", "crm.lead.", "crm.identity.", "crm.deal.")
HYNDMAN: Final = "quantiles of type 7 (Hyndman and Fan, 1996), over buckets of 1%"


def stages() -> tuple[Kpi, ...]:
    def row(suffix: str, title: str, formula: f.Formula, *, still_in: bool = False) -> Kpi:
        return Kpi(
            f"time_in_stage{suffix}", title, "days", formula, STAGES, "stage", stock=still_in, ageing=still_in,
            direction="down", source=HYNDMAN,
        )  # fmt: skip

    return (
        row("", "Time in stage, median", s.stage_quantile("stay_total", MEDIAN)),
        row("_latest", "Time in stage, latest visit, median", s.stage_quantile("stay_latest", MEDIAN)),
        row("_mean", "Time in stage, mean", s.stage_mean),
        row("_p90", "Time in stage, 90th percentile", s.stage_quantile("stay_total", P90)),
        row("_open", "Time in current stage, median", s.stage_ages(MEDIAN), still_in=True),
    )


def closing() -> tuple[Kpi, ...]:
    def row(suffix: str, title: str, formula: f.Formula) -> Kpi:
        events = ("crm.deal.", *CONTACTS)
        return Kpi(f"touches_to_close{suffix}", title, "number", formula, events, "deal", direction="down")

    return (
        row("", "Touches to close, mean", f.ratio(f.flow("touches_to_close"), f.flow("won"))),
        row("_median", "Touches to close, median", s.touches_quantile(MEDIAN)),
        row("_p90", "Touches to close, 90th percentile", s.touches_quantile(P90)),
    )


def funnel() -> tuple[Kpi, ...]:
    visitors, won = f.marked("visitors"), f.flow("won")
    period = {"visitor": visitors, "lead": f.flow("leads"), "opportunity": f.flow("opportunities"), "won": won}
    cohort = {
        "visitor": visitors,
        "lead": f.marked("visitors_led"),
        "opportunity": f.marked("visitors_opportunity"),
        "won": f.marked("visitors_won"),
    }
    matched = {
        "visitor": ("crm.page.viewed", "crm.identity."),
        "lead": TRAFFIC,
        "opportunity": ("crm.lead.", "crm.deal.created"),
        "won": ("crm.lead.", "crm.deal."),
    }

    def row(suffix: str, title: str, counts: dict[str, f.Count], *, attempts: bool) -> Kpi:
        before = dict(zip(counts, ("visitor", *counts), strict=False))
        steps = [
            Step(key, s.step(count, counts[before[key]], f"attempts.{key}" if attempts else ""), matched[key])
            for key, count in counts.items()
        ]
        funnel = Vector("step", lambda _: steps, f.ratio(counts["won"], visitors))
        return Kpi(f"sales_funnel{suffix}", title, "ratio", funnel, FUNNEL)

    return (
        row("", "Sales funnel conversion", period, attempts=True),
        row("_cohort", "Sales funnel conversion, visitor cohort", cohort, attempts=False),
        Kpi(
            "leak_point", "Leak point of the sales funnel", "ratio", s.leak(period, "sales_funnel"),
            (*FUNNEL, "crm.target.set"), direction="neither",
        ),
    )  # fmt: skip


def response() -> tuple[Kpi, ...]:
    leads = f.flow("leads")

    def row(id_: str, title: str, unit: Unit, formula: f.Formula, *, up: bool = False) -> Kpi:
        return Kpi(id_, title, unit, formula, RESPONSE, "subject", direction="up" if up else "down")

    abandoned = f.ratio(f.level("abandoned_leads"), f.level("open_leads"))
    follow_ups = f.ratio(f.flow("follow_ups"), leads)
    business = s.answer_quantile("answered_business", MEDIAN)
    return (
        row("speed_to_lead", "Speed to lead, median", "seconds", s.answer_quantile("answered", MEDIAN)),
        row("speed_to_lead_business", "Speed to lead, business hours, median", "seconds", business),
        row("speed_to_lead_p90", "Speed to lead, 90th percentile", "seconds", s.answer_quantile("answered", P90)),
        row("follow_ups_per_lead", "Follow-ups per lead", "number", follow_ups, up=True),
        Kpi(
            "lead_abandonment_rate", "Lead abandonment rate", "ratio", abandoned, RESPONSE, "subject", windows=("all",),
            stock=True, direction="down",
        ),
    )  # fmt: skip
