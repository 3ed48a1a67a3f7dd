"""docs/kpis.md, made from the catalogue: the table of all KPIs."""

from collections.abc import Iterator
from typing import Final

from docgen.texts import load_texts
from kpis.calendar.window_names import BY_DAY, BY_UNIT, FROM_A_DAY, SEGMENT_WINDOWS, WINDOWS
from kpis.catalog import CATALOG, Kpi
from kpis.facts.event_types import CHANNEL_EVENTS, EVERY, MARKETING, TOUCHES

# A group begins with the row of this id and ends before the next group's; a new row belongs where it stands.
GROUPS: Final = {
    "visitors": "Visitors and leads",
    "customer_acquisition_cost": "Acquisition and marketing",
    "closed_won_deals": "Deals",
    "sales_cycle_days": "Sales cycle and velocity",
    "time_in_stage": "Sales process: stages, touches, funnel, lead response",
    "orders": "Orders and customers",
    "mrr": "Recurring revenue, renewals and cohorts",
    "email_open_rate": "Email",
    "call_connect_rate": "Calls and engagement",
    "net_promoter_score": "Surveys",
    "received": "Data quality",
}
SEGMENTS: Final = {
    "deal": "deal attributes",
    "subject": "subject attributes",
    "touch": "touch attributes",
    "acquisition": "channel",
    "marketing": "channel, campaign",
    "source": "source",
    "survey": "subject attributes, `scale`",
    "stage": "stage",
    "page": "page",
    "none": "none",
}
HEAD: Final = f"""\
# Every KPI

Generated from `kpis/catalog/` by `make docs`: edit the catalogue, not this page. [numbers.md](numbers.md) defines the
edge cases, [redis.md](redis.md) how to read the numbers, [measures.md](measures.md) lists the sums they are made of.

**Windows**

- *every*: {" ".join(WINDOWS)}.
- *24h and longer*: {" ".join(FROM_A_DAY)}. *daily*: the same, plus yesterday and all.
- *stock*: every window, but the value is the state at the window's end, wherever the window starts.

**Segments**, in addition to the total. Traits are those listed in the tenant's setting `dimensions`.

- *deal attributes*: the deal's current owner, source, campaign, pipeline and traits.
- *subject attributes*: the current source, owner, country and traits of the customer, lead or visitor.
- *touch attributes*: source, campaign, country and traits of the email or call itself.
- *channel* of engagement: {" ".join(CHANNEL_EVENTS)}, for every window.
- *channel*, *campaign*, *source* elsewhere: where a touch, cost or customer came from; by channel also for 24h.

Windows with segments: those of {" ".join(SEGMENT_WINDOWS)} that the KPI has; *by unit*: {" ".join(BY_UNIT)}.

**Events**: the event types a KPI is calculated from, without the prefix `crm.`; `deal.*` stands for all that start so.
**Better**: the direction of improvement.
"""


def page() -> str:
    """The whole page as Markdown."""
    return HEAD + "".join(_lines())


def _lines() -> Iterator[str]:
    homes = {name: bare for bare, text in load_texts().items() for name in (bare, *text.variants)}
    for kpi in CATALOG:
        if kpi.id in GROUPS:
            yield f"\n## {GROUPS[kpi.id]}\n\n"
            yield "| id | title | unit | windows | segments | events | better |\n|---|---|---|---|---|---|---|\n"
        cells = (
            f"[`{kpi.id}`](kpis/{homes[kpi.id]}.md)",
            kpi.title,
            kpi.unit,
            windows_of(kpi),
            segments_of(kpi),
            _events(kpi),
            kpi.direction,
        )
        yield f"| {' | '.join(cells)} |\n"


def segments_of(kpi: Kpi) -> str:
    """What its documents are by."""
    if kpi.vector is not None:
        return kpi.vector.key
    return SEGMENTS[kpi.rows] + (", by unit" if kpi.segments_in == BY_UNIT else "")


def windows_of(kpi: Kpi) -> str:
    """Which windows it has."""
    if kpi.stock and kpi.windows == WINDOWS:
        return "stock"
    return {WINDOWS: "every", FROM_A_DAY: "24h and longer", BY_DAY: "daily"}.get(kpi.windows, " ".join(kpi.windows))


def _events(kpi: Kpi) -> str:
    if kpi.events in (EVERY, TOUCHES):
        return "all" if kpi.events == EVERY else "all interactions"
    touched = set(MARKETING) <= set(kpi.events)
    events = [event for event in kpi.events if not touched or event not in MARKETING]
    names = (event.removeprefix("crm.") + ("*" if event.endswith(".") else "") for event in events)
    return " ".join([*(f"`{name}`" for name in names), *["marketing touches"] * touched])
