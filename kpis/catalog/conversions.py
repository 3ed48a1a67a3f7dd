"""Clicks, forms and landing pages: what came of them."""

from kpis.catalog.hears import CONVERSIONS
from kpis.catalog.row import Kpi
from kpis.formulas_conversions import dropped


def conversions() -> tuple[Kpi, ...]:
    clicks = ("crm.link.clicked", CONVERSIONS)
    forms = ("crm.form.started", "crm.form.submitted")
    return (
        Kpi(
            "clicks_without_conversion_rate",
            "Clicks without conversion",
            "ratio",
            dropped("clicks", "missed"),
            clicks,
            "touch",
            direction="down",
        ),
        Kpi(
            "form_abandonment_rate",
            "Forms abandoned",
            "ratio",
            dropped("forms", "dropped"),
            forms,
            "subject",
            direction="down",
        ),
    )
