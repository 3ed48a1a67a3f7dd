"""Targets, what was reached of them, and the step of the funnel that leaks. Rules: kpi-precise B."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from fractions import Fraction
from math import log
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from models.record import Row
from models.settings import TenantSettings
from recount.facts import Fact, Figure, text
from recount.identity import moment
from recount.reach_out import worked
from recount.windows import RUNNING, Window, local_date, midnight, unit_start

LONGEST: Final = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
# What is better the less it is: these with their variants, and these alone.
LOWER: Final = (
    "customer_acquisition_cost", "time_to_purchase_days", "sales_cycle_days", "time_in_stage", "touches_to_close",
    "speed_to_lead", "churned_customers", "customer_churn_rate", "days_between_orders",
)  # fmt: skip
LOWER_ALONE: Final = (
    "visitors_per_lead", "clicks_without_conversion_rate", "form_abandonment_rate", "closed_lost_deals",
    "closed_lost_value", "lead_abandonment_rate", "customer_retention_cost", "mrr_contraction", "mrr_churn",
    "email_bounce_rate", "email_unsubscribe_rate", "email_complaint_rate", "detractor_share", "duplicate_rate",
    "conflict_rate", "invalid_rate", "rejected_rate", "late_rate", "unpriced_rate", "bot_rate", "tickets_opened",
    "ticket_resolution_hours", "never_logged_in",
)  # fmt: skip
Key = tuple[str, str, tuple[tuple[str, str], ...]]


class Target(NamedTuple):
    """A target that holds, and when it was set (ms); None: by the settings."""

    value: Fraction
    since: int | None


class Targets:
    """The latest target of each KPI, window and segment; what the settings say is said before all events."""

    def __init__(self, rows: Iterable[Row], settings: TenantSettings) -> None:
        self.settings = settings
        self.known: dict[Key, Target | None] = {}
        for one in settings.targets:
            self.known[one.kpi, one.window, tuple(one.segment.items())] = Target(Fraction(one.value), None)
        for row in sorted((row for row in rows if row.type == "crm.target.set"), key=moment):
            data = row.data
            segment = tuple((name, text(value) or "") for name, value in (data.get("segment") or {}).items())
            value = data["value"]
            self.known[data["kpi"], data["window"], segment] = (
                None if value is None else Target(Fraction(value), row.time)
            )

    def of(self, kpi: str, window: str, segment: dict[str, str]) -> Target | None:
        """The target of a document."""
        return self.known.get((kpi, window, tuple(segment.items())))

    def gone(self, window: Window) -> Fraction | None:
        """How much of a running calendar window's working time is over; None: it has none, or is no such window."""
        unit = RUNNING.get(window.name)
        if unit is None:
            return None
        zone = ZoneInfo(self.settings.tz)
        first = local_date(window.start, zone)
        end = midnight(unit_start(first + timedelta(days=LONGEST[unit]), unit), zone)
        whole = worked(window.start, end, self.settings)
        return Fraction(worked(window.start, window.end, self.settings), whole) if whole else None


def is_lower_better(kpi: str) -> bool:
    """Whether less of it is better: costs, times, losses, complaints, and what is wrong with the data."""
    return kpi.startswith(LOWER) or kpi in LOWER_ALONE


def attainment(value: Any, target: Fraction, *, lower: bool) -> Fraction | None:
    """Value to target; of what should be low, target to value. Nothing to divide by, or less than nothing: None."""
    if value is None or target <= 0:
        return None
    if not lower:
        return Fraction(value) / target
    return target / Fraction(value) if value > 0 else None


def leak(steps: Sequence[Fact]) -> Figure:
    """The step with the most negative ln(rate / target rate), as a share of the sum over all steps."""
    told = [fact.what for fact in steps]
    if not told[0][2] or any(target is None or target <= 0 for *_, target in told):
        return Figure(None, None, None, 0)
    if nobody := next((step for step in told if not step[1]), None):
        return Figure(None, None, None, nobody[2], parts={"step": nobody[0]})
    gaps = [log(Fraction(above, below) / target) for _, above, below, target in told]
    total = sum(gaps)
    if total >= 0:
        return Figure(None, None, None, 0)
    worst = min(range(len(gaps)), key=lambda place: gaps[place])
    name, _, below, _ = told[worst]
    return Figure(gaps[worst] / total, gaps[worst], total, below, parts={"step": name})
