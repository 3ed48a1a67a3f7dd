"""docs/kpis.md, made from the catalogue: the table of all KPIs."""

from collections.abc import Iterator
from typing import Final

from docgen.texts import load_texts
from kpis.calendar.windows import BY_DAY, FROM_A_DAY, SEGMENT_WINDOWS, WINDOWS
from kpis.catalog import CATALOG, Kpi
from kpis.facts.event_types import CHANNEL_EVENTS, EVERY, MARKETING, TOUCHES

# A group begins with the row of this id and ends before the next group's; a new row belongs where it stands.
GROUPS: Final = {
    "visitors": "Visitors and leads",
    "customer_acquisition_cost": "Acquisition and marketing",
    "closed_won_deals": "Deals",
    "sales_cycle_days": "Sales cycle and velocity",
    "time_in_stage": "Stages, touches, the funnel and answers to leads",
    "orders": "Orders and customers",
    "mrr": "Recurring revenue, renewals and cohorts",
    "email_open_rate": "E-mail",
    "call_connect_rate": "Calls and engagement",
    "net_promoter_score": "What customers say",
    "received": "Quality of the stream",
}
SEGMENTS: Final = {
    "deal": "of the deal",
    "subject": "of the subject",
    "touch": "of the touch",
    "acquisition": "channel",
    "marketing": "channel, campaign",
    "source": "source",
    "survey": "of the subject, and `scale`",
    "stage": "stage",
    "page": "page",
    "none": "none",
}
HEAD: Final = f"""\
# Every KPI

Generated from `kpis/catalog/` by `make docs`: change the catalogue, not this page. How the numbers are decided where
a definition leaves room is in [numbers.md](numbers.md), how to read them in [redis.md](redis.md).

**Windows**

- *every*: {" ".join(WINDOWS)};
- *from a day*: {" ".join(FROM_A_DAY)}; *by the day*: these, yesterday and all;
- *at the end*: every window, but the value is the state at the window's end; where it begins plays no part.

**Segments**, besides the total; those of traits are named in the tenant's setting `dimensions`:

- *of the deal*: owner, source, campaign, pipeline and traits, as the deal has them now;
- *of the subject*: source, owner, country and traits, as the customer, lead or visitor has them now;
- *of the touch*: source, campaign, country and traits of the e-mail or call itself;
- *channel* of engagement: {" ".join(CHANNEL_EVENTS)}, on every window;
- *channel*, *campaign*, *source* elsewhere: where a touch, cost or customer comes from, by channel from 24h on.

The other segments: {" ".join(SEGMENT_WINDOWS)}.

**Events** are those that a KPI hears of; `deal.*` is every type that begins so. All carry the prefix `crm.`.
**Better** says which way is good news.
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
    return kpi.vector or SEGMENTS[kpi.rows]


def windows_of(kpi: Kpi) -> str:
    """Which windows it has."""
    if kpi.stock and kpi.windows == WINDOWS:
        return "at the end"
    return {WINDOWS: "every", FROM_A_DAY: "from a day", BY_DAY: "by the day"}.get(kpi.windows, " ".join(kpi.windows))


def _events(kpi: Kpi) -> str:
    if kpi.events in (EVERY, TOUCHES):
        return "all" if kpi.events == EVERY else "those of its channels"
    touched = set(MARKETING) <= set(kpi.events)
    events = [event for event in kpi.events if not touched or event not in MARKETING]
    names = (event.removeprefix("crm.") + ("*" if event.endswith(".") else "") for event in events)
    return " ".join([*(f"`{name}`" for name in names), *["marketing touches"] * touched])
