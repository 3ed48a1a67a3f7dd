"""What customers say."""

from typing import Literal

from kpis import formulas as f
from kpis.catalog.hears import NPS
from kpis.catalog.row import Kpi


def perception() -> tuple[Kpi, ...]:
    every = f.plus(*(f.marked(f"nps.{kind}") for kind in ("promoter", "passive", "detractor")))

    def share(kind: str, direction: Literal["up", "down", "neither"]) -> Kpi:
        formula = f.ratio(f.marked(f"nps.{kind}"), every)
        return Kpi(f"{kind}_share", f"{kind.capitalize()}s", "ratio", formula, NPS, "subject", direction=direction)

    return (
        Kpi("net_promoter_score", "Net promoter score", "index", f.promoter_score("nps"), NPS, "subject"),
        Kpi(
            "net_promoter_score_all",
            "Net promoter score, all answers",
            "index",
            f.promoter_score("nps_all"),
            NPS,
            "subject",
        ),
        share("promoter", "up"),
        share("passive", "neither"),
        share("detractor", "down"),
    )
