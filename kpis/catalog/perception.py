"""Surveys: NPS, customer effort, satisfaction."""

from typing import Literal

from kpis.catalog.row import Kpi
from kpis.facts.event_types import NPS
from kpis.formulas import common as f
from kpis.formulas import scores as g


def perception() -> tuple[Kpi, ...]:
    every = f.plus(*(f.marked(f"nps.{kind}") for kind in ("promoter", "passive", "detractor")))

    def share(kind: str, direction: Literal["up", "down", "neither"]) -> Kpi:
        formula = f.ratio(f.marked(f"nps.{kind}"), every)
        return Kpi(f"{kind}_share", f"{kind.capitalize()} share", "ratio", formula, NPS, "subject", direction=direction)

    return (
        Kpi("net_promoter_score", "Net Promoter Score (NPS)", "index", f.promoter_score("nps"), NPS, "subject"),
        Kpi(
            "net_promoter_score_all",
            "NPS, all responses",
            "index",
            f.promoter_score("nps_all"),
            NPS,
            "subject",
        ),
        share("promoter", "up"),
        share("passive", "neither"),
        share("detractor", "down"),
    )


def scores() -> tuple[Kpi, ...]:
    effort, csat = ("crm.survey.answered:effort",), ("crm.survey.answered:csat",)
    top, index = g.top_box("effort"), g.index("effort")
    return (
        Kpi("customer_effort_score", "Customer effort score (CES)", "score", g.mean("effort"), effort, "survey"),
        Kpi("customer_effort_score_top_box", "CES, top-box share", "ratio", top, effort, "survey"),
        Kpi("customer_effort_score_index", "CES, indexed 0–100", "index", index, effort, "survey"),
        Kpi("csat", "Customer satisfaction (CSAT)", "ratio", g.top_box("csat"), csat, "survey"),
        Kpi("csat_mean", "CSAT, mean score", "score", g.mean("csat"), csat, "survey"),
    )
