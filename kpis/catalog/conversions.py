"""What clicks, forms and landing pages lead to."""

from kpis.catalog.row import Kpi
from kpis.facts.event_types import CONVERSIONS
from kpis.formulas.conversions import dropped, landing


def conversions() -> tuple[Kpi, ...]:
    clicks = ("crm.link.clicked", CONVERSIONS)
    views = ("crm.page.viewed", CONVERSIONS)
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
            "Form abandonment rate",
            "ratio",
            dropped("forms", "dropped"),
            forms,
            "subject",
            direction="down",
        ),
        Kpi("landing_page_conversion_rate", "Landing page conversion rate", "ratio", landing, views, "page"),
    )
