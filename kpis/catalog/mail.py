"""Email rates."""

from typing import Literal

from kpis.catalog.row import Kpi
from kpis.facts.event_types import MAIL
from kpis.formulas import common as f
from kpis.formulas.view import View


def mail() -> tuple[Kpi, ...]:
    delivered, opened, clicked = f.flow("mail.delivered"), f.flow("mail.opened"), f.flow("mail.clicked")
    adjusted = f.ratio(opened, f.minus(delivered, f.flow("mail.machine_only")))
    period = f.with_part(f.ratio(f.flow("mail.opened_then"), delivered), "orphan", f.flow("mail.orphan"))
    clicked_then, left_then = f.flow("mail.clicked_then"), f.flow("mail.unsubscribed_then")
    clicks = by_basis(f.ratio(clicked, delivered), f.ratio(clicked_then, delivered))
    raw = f.ratio(f.flow("mail.opened_raw"), delivered)

    def rate(id_: str, title: str, formula: f.Formula, *, down: bool = False, robots: bool = True) -> Kpi:
        direction: Literal["up", "down"] = "down" if down else "up"
        return Kpi(f"email_{id_}", title, "ratio", formula, MAIL, "touch", direction=direction, robots=robots)

    return (
        rate("open_rate", "Email open rate", by_basis(f.ratio(opened, delivered), period)),
        rate("open_rate_raw", "Email open rate, incl. machine opens", raw, robots=False),
        rate("open_rate_adjusted", "Email open rate, adjusted", adjusted),
        rate("open_rate_period", "Email open rate, by open date", period),
        rate("click_rate", "Email click rate", clicks),
        rate("click_rate_to_open", "Email click-to-open rate", f.ratio(clicked, opened)),
        rate("bounce_rate", "Email bounce rate", f.ratio(f.flow("mail.bounced"), f.flow("mail.known")), down=True),
        rate(
            "unsubscribe_rate",
            "Email unsubscribe rate",
            by_basis(f.ratio(f.flow("mail.unsubscribed"), delivered), f.ratio(left_then, delivered)),
            down=True,
        ),
        rate("complaint_rate", "Email spam complaint rate", f.ratio(f.flow("mail.complained"), delivered), down=True),
    )


def by_basis(cohort: f.Formula, period: f.Formula) -> f.Formula:
    """The basis of the plain ids, by the setting ``email_rates_basis``."""

    def choose(view: View) -> f.Formula:
        return period if view.settings.email_rates_basis == "period" else cohort

    return f.chosen(choose)
