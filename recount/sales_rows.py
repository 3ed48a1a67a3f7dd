"""The rows of sales besides closed and open deals: stages, touches, funnel, response."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from models.record import Row
from recount import figures as f
from recount.facts import Fact, Figure, Source, dated, ratio, share
from recount.parts import of_lead, own
from recount.quality import Types
from recount.reach_out import Closings, Responses, Touches
from recount.row import KpiRow
from recount.stage_times import StageTimes, bucket, read_back
from recount.targets import leak
from recount.tenant import Tenant
from recount.windows import Window

Facts = Sequence[Fact]
HALF: Final = Fraction(1, 2)
NINE_TENTHS: Final = Fraction(9, 10)
DAY_SECONDS: Final = 86_400
STAGES: Final = Types(tuple(f"crm.deal.{verb}" for verb in ("created", "stage_changed", "won", "lost", "reopened")))
CLOSING: Final = ("crm.call.ended", "crm.meeting.held", "crm.chat.messaged", "crm.email.sent")
TO_CLOSE: Final = Types((*CLOSING, "crm.deal."))
LEAD_TOUCH: Final = Types(("crm.lead.", *CLOSING))
FUNNEL: Final = Types(("crm.page.viewed", "crm.lead.", "crm.identity.", "crm.deal."))
LEAK: Final = Types((*FUNNEL.names, "crm.target.set"))
STEPS: Final = {
    "visitor": Types(("crm.page.viewed", "crm.identity.")),
    "lead": Types(("crm.page.viewed", "crm.lead.", "crm.identity.")),
    "opportunity": Types(("crm.lead.", "crm.deal.created")),
    "won": Types(("crm.lead.", "crm.deal.")),
}


def sales_rows(tenant: Tenant) -> list[KpiRow]:
    """All rows of this block."""
    counted, settings = tenant.counted, tenant.settings
    touches = Touches([row for row in tenant.countable if own(row)], tenant.people)
    closings = Closings(touches, tenant.deals, tenant.leads, tenant.people)
    responses = Responses(touches, tenant.leads, tenant.dims, tenant.people, settings)
    return [
        *stage_rows(StageTimes(counted, tenant.deals, tenant.stages)),
        *closing_rows(closings.won),
        *funnel_rows(tenant),
        *response_rows(responses),
    ]


def stage_rows(times: StageTimes) -> list[KpiRow]:
    """Time in stages."""

    def row(suffix: str, formula: Callable[..., Figure], *lists: Source, kind: str = "E") -> KpiRow:
        return KpiRow(f"time_in_stage{suffix}", "days", STAGES, "stage", formula, lists, kind, thin=True)

    return [
        row("", duration(HALF, DAY_SECONDS, bad=True), times.totals, times.bad),
        row("_latest", duration(HALF, DAY_SECONDS, bad=True), times.latest, times.bad),
        row("_mean", mean_days, times.totals, times.bad),
        row("_p90", duration(NINE_TENTHS, DAY_SECONDS, bad=True), times.totals, times.bad),
        row("_open", duration(HALF, DAY_SECONDS), times.open, kind="S"),
    ]


def closing_rows(won: Source) -> list[KpiRow]:
    """Touches until a deal is won."""

    def row(suffix: str, formula: Callable[..., Figure]) -> KpiRow:
        return KpiRow(f"touches_to_close{suffix}", "number", TO_CLOSE, "deal", formula, (won,), thin=True)

    return [row("", mean_count), row("_median", count_at(HALF)), row("_p90", count_at(NINE_TENTHS))]


def response_rows(responses: Responses) -> list[KpiRow]:
    """Response times to leads, and follow-ups."""

    def row(kpi: str, unit: str, formula: Callable[..., Figure]) -> KpiRow:
        return KpiRow(kpi, unit, LEAD_TOUCH, "subject", formula, (responses.created,), thin=True)

    def follow_ups(facts: Facts) -> Figure:
        return ratio(sum(map(responses.follow_ups, facts)), len(facts))

    return [
        row("speed_to_lead", "seconds", answered(responses.seconds, HALF)),
        row("speed_to_lead_business", "seconds", answered(responses.business_seconds, HALF)),
        row("speed_to_lead_p90", "seconds", answered(responses.seconds, NINE_TENTHS)),
        row("follow_ups_per_lead", "number", follow_ups),
        KpiRow(
            "lead_abandonment_rate", "ratio", LEAD_TOUCH, "subject", abandoned, (responses.open,), "S",
            windows=("all",), segment_windows=("all",), thin=True,
        ),
    ]  # fmt: skip


def type7(values: Sequence[float], at: Fraction) -> float | None:
    """Type 7 (linear) quantile."""
    if not values:
        return None
    ordered, place = sorted(values), float(at * (len(values) - 1))
    low = int(at * (len(values) - 1))
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def in_buckets(seconds: Sequence[int], at: Fraction) -> float | None:
    """A quantile over 1 % buckets, s."""
    return type7([read_back(bucket(second)) for second in seconds], at)


def duration(at: Fraction, unit: int, *, bad: bool = False) -> Callable[..., Figure]:
    """A quantile of durations."""

    def figure(good: Facts, wrong: Facts = ()) -> Figure:
        found = in_buckets([fact.what for fact in good], at)
        value = None if found is None else found / unit
        return Figure(value, None, None, len(good), parts={"bad_interval": len(wrong)} if bad else {})

    return figure


def mean_days(good: Facts, wrong: Facts) -> Figure:
    """The exact mean of durations."""
    days = Fraction(sum(fact.what for fact in good), DAY_SECONDS)
    found = ratio(days, len(good))
    return Figure(found.value, found.numerator, len(good), len(good), parts={"bad_interval": len(wrong)})


def mean_count(won: Facts) -> Figure:
    """Touches per won deal."""
    return ratio(sum(fact.what for fact in won), len(won))


def count_at(at: Fraction) -> Callable[[Facts], Figure]:
    """A quantile of counts."""
    return lambda won: Figure(f.quantile([fact.what for fact in won], at), None, None, len(won))


def answered(seconds: Callable[[Fact], int | None], at: Fraction) -> Callable[[Facts], Figure]:
    """A quantile over answered leads; the others are open."""

    def figure(leads: Facts) -> Figure:
        known = [found for lead in leads if (found := seconds(lead)) is not None]
        return Figure(in_buckets(known, at), None, None, len(known), open=len(leads) - len(known))

    return figure


def abandoned(leads: Facts) -> Figure:
    """The share of open leads that are abandoned."""
    return ratio(sum(fact.what for fact in leads), len(leads))


def funnel_rows(tenant: Tenant) -> list[KpiRow]:
    """From visitor to won deal."""
    visitors, won = tenant.visitors, tenant.deals.won
    lists = {
        "visitor": visitors, "lead": tenant.leads.created, "opportunity": tenant.leads.opportunities, "won": won,
    }  # fmt: skip
    attempts = {step: dated(Fact(row.time, {}) for row in tenant.countable if is_attempt(tenant, step, row))
                for step in STEPS if step != "won"}  # fmt: skip
    attempts["won"] = dated(Fact(at, {}) for deal in tenant.deals.all.values() for at in deal.attempts)
    reached = latest_steps(tenant)

    def period(window: Window) -> Iterator[tuple[str, Figure, Types]]:
        counts = {step: len(pick(window)) for step, pick in lists.items()}
        for step, before in zip(STEPS, ("visitor", *STEPS), strict=False):
            found = ratio(counts[step], counts[before])
            parts = {"attempts": len(attempts[step](window))}
            yield step, Figure(found.value, found.numerator, found.denominator, found.n, parts=parts), STEPS[step]

    def cohort(window: Window) -> Iterator[tuple[str, Figure, Types]]:
        facts = visitors(window)
        counts = {step: len(came_to(facts, reached.get(step))) for step in STEPS}
        for step, before in zip(STEPS, ("visitor", *STEPS), strict=False):
            yield step, ratio(counts[step], counts[before]), STEPS[step]

    def won_of(facts: Facts) -> Figure:
        return share(came_to(facts, reached["won"]), facts)

    def row(kpi: str, formula: Callable[..., Figure], steps: Callable[[Window], object], *picks: Source) -> KpiRow:
        return KpiRow(kpi, "ratio", FUNNEL, None, formula, picks, thin=True, vector="step", steps=steps)  # type: ignore[arg-type]

    def aimed(window: Window) -> list[Fact]:
        """Each step after the first: how many, of how many, and the target of the share."""
        counts = {step: len(pick(window)) for step, pick in lists.items()}
        found = []
        for before, step in pairwise(STEPS):
            target = tenant.targets.of("sales_funnel", window.name, {"step": step})
            found.append(Fact(0, {}, (step, counts[step], counts[before], target and target.value)))
        return found

    return [
        KpiRow("leak_point", "ratio", LEAK, None, leak, (aimed,), thin=True),
        row("sales_funnel", share, period, won, visitors),
        row("sales_funnel_cohort", won_of, cohort, visitors),
    ]


def came_to(facts: Facts, latest: dict[str, int] | None) -> Facts:
    """The visitors whose subject reached a step at or after their first view."""
    return [fact for fact in facts if latest is None or latest.get(fact.what.leads_of, fact.at - 1) >= fact.at]


def latest_steps(tenant: Tenant) -> dict[str, dict[str, int]]:
    """When each subject (in accounts also each person) last reached a step."""
    people = tenant.people
    found: dict[str, dict[str, int]] = {"lead": tenant.leads.latest_of, "opportunity": {}, "won": {}}
    for node, lead in tenant.leads.all.items():
        if lead.events and lead.opportunity is not None:
            for key in people.lead_keys(node):
                note(found["opportunity"], key, lead.opportunity)
    for name, deal in tenant.deals.kept.items():
        if deal.state == "won" and deal.closed is not None:
            owner = people.owners.get(("deal", name))
            for key in people.lead_keys(owner[1]) if owner else ():
                note(found["won"], key, deal.closed)
    return found


def note(found: dict[str, int], subject: str, at: int) -> None:
    """Keep the latest."""
    found[subject] = max(found.get(subject, at), at)


def is_attempt(tenant: Tenant, step: str, row: Row) -> bool:
    """Whether an event is an attempt at a step, whatever its outcome."""
    data, verb = row.data, row.type.removeprefix("crm.")
    if step == "visitor":
        return verb == "page.viewed" and tenant.acts(row)
    if step == "lead":
        return verb == "lead.created" and of_lead(row)
    dated_lead = verb == "deal.created" and data.get("lead_id") and data.get("time_known") is not False
    return of_lead(row) and bool(dated_lead or (verb == "lead.converted" and data.get("deal_id")))
