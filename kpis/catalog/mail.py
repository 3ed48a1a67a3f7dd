"""E-mail rates."""

from typing import Literal

from kpis import formulas as f
from kpis.catalog.hears import MAIL
from kpis.catalog.row import Kpi


def mail() -> tuple[Kpi, ...]:
    delivered, opened, clicked = f.flow("mail.delivered"), f.flow("mail.opened"), f.flow("mail.clicked")
    adjusted = f.ratio(opened, f.minus(delivered, f.flow("mail.machine_only")))
    period = f.with_part(f.ratio(f.flow("mail.opened_then"), delivered), "orphan", f.flow("mail.orphan"))
    raw = f.ratio(f.flow("mail.opened_raw"), delivered)

    def rate(id_: str, title: str, formula: f.Formula, *, down: bool = False, robots: bool = True) -> Kpi:
        direction: Literal["up", "down"] = "down" if down else "up"
        return Kpi(f"email_{id_}", title, "ratio", formula, MAIL, "touch", direction=direction, robots=robots)

    return (
        rate("open_rate", "E-mail open rate", f.ratio(opened, delivered)),
        rate("open_rate_raw", "E-mail open rate, machines too", raw, robots=False),
        rate("open_rate_adjusted", "E-mail open rate, adjusted", adjusted),
        rate("open_rate_period", "E-mail opens in the period", period),
        rate("click_rate", "E-mail click rate", f.ratio(clicked, delivered)),
        rate("click_rate_to_open", "E-mail click to open", f.ratio(clicked, opened)),
        rate("bounce_rate", "E-mail bounce rate", f.ratio(f.flow("mail.bounced"), f.flow("mail.known")), down=True),
        rate("unsubscribe_rate", "E-mail unsubscribe rate", f.ratio(f.flow("mail.unsubscribed"), delivered), down=True),
    )
