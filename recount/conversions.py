"""Conversions: clicks, forms and landing pages, and whether visitors followed through."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from models.record import Row
from recount.facts import Fact, Figure, Source, dated, ratio, remembered
from recount.identity import moment, nodes
from recount.quality import Types
from recount.row import KpiRow
from recount.tenant import Tenant
from recount.web import page_of
from recount.windows import DAY, MINUTE, QUARTER_HOUR, Window, ceil_to, local_date

FILL_IN: Final = 30 * MINUTE


class Visit(NamedTuple):
    """A person's view of a landing page, and whether it converted."""

    who: tuple[str, ...]
    at: int
    page: str
    hit: bool


class Conversions:
    """A tenant's conversions, by subject and by click."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, settings = tenant, tenant.settings
        self.types = tuple(f"crm.{name}" for name in settings.conversion_types)
        self.wait = settings.conversion_days * DAY
        found: dict[Any, list[int]] = {}
        for row in tenant.countable:
            if row.type in self.types and tenant.acts(row):
                found.setdefault(("subject", tenant.people.buyer(row)), []).append(row.time)
                if click := row.data.get("click_id"):
                    found.setdefault(("click", str(click)), []).append(row.time)
        self.found = {key: sorted(times) for key, times in found.items()}

    def hit(self, row: Row) -> bool:
        """Whether a conversion follows within the conversion window."""
        keys = [("subject", self.tenant.people.buyer(row)), ("click", str(row.data.get("click_id") or ""))]
        return any(self.between(self.found.get(key, []), row.time) for key in keys)

    def between(self, times: list[int], start: int) -> bool:
        """Whether one of these instants is within the conversion window."""
        at = bisect_left(times, start)
        return at < len(times) and times[at] - start < self.wait

    # --- clicks

    def clicks(self) -> list[Row]:
        """Clicks; of those that share an id, the first."""
        found: dict[Any, Row] = {}
        for row in self.tenant.counted:
            if row.type == "crm.link.clicked":
                key = str(row.data["click_id"]) if row.data.get("click_id") else (row.source, row.id)
                found[key] = min(found.get(key, row), row, key=moment)
        return list(found.values())

    def click_lists(self) -> tuple[Source, Source]:
        """Clicks dated at the end of their conversion window, and those still open at the window's end."""
        closed, begun = [], []
        for row in self.clicks():
            end, dims = ceil_to(row.time + self.wait, QUARTER_HOUR), self.tenant.touch_dims(row)
            closed.append(Fact(end, dims, self.hit(row)))
            begun.append(Fact(row.time, dims, end))
        return dated(closed), undecided(begun)

    # --- forms

    def form_lists(self) -> tuple[Source, Source]:
        """Started forms dated at the time they count, and those still too young at the window's end."""
        starts: dict[tuple[str, ...], Row] = {}
        sent: set[tuple[str, ...]] = set()
        for row in self.tenant.counted:
            if row.type in ("crm.form.started", "crm.form.submitted"):
                who = (self.tenant.people.buyer(row), self.tenant.people.person(row))
                unit: tuple[str, ...] = (*who, str(row.data["form_id"]), *self.session(row))
                if row.type == "crm.form.submitted":
                    sent.add(unit)
                else:
                    starts[unit] = min(starts.get(unit, row), row, key=moment)
        counted, begun = [], []
        for unit, row in starts.items():
            end = ceil_to(row.time + FILL_IN, QUARTER_HOUR)
            dims = self.tenant.dims_of_subject(self.tenant.people.buyer(row))
            counted.append(Fact(end, dims, unit in sent))
            begun.append(Fact(row.time, dims, end))
        return dated(counted), undecided(begun)

    def session(self, row: Row) -> tuple[str, str]:
        """The session of an event, else its day."""
        session = row.data.get("session_id")
        return ("session", str(session)) if session else ("day", str(local_date(row.time, self.tenant.zone)))

    # --- landing pages

    def views(self) -> list[tuple[Row, Visit]]:
        """Page views of identified visitors."""
        return [
            (row, Visit((self.tenant.people.person(row),), row.time, page_of(row), self.hit(row)))
            for row in self.tenant.counted
            if row.type == "crm.page.viewed" and (nodes(row.data) or row.data.get("contact_id"))
        ]

    def followed(self, page: str) -> bool:
        """Whether a page has its own document."""
        listed = self.tenant.settings.landing_pages
        return not listed or page in listed

    def landings(self) -> list[Visit]:
        """Views of landing pages: the listed ones, else each session's first."""
        views = self.views()
        if self.tenant.settings.landing_pages:
            return [visit for _, visit in views if self.followed(visit.page)]
        first: dict[Any, int] = {}
        for row, visit in views:
            key = (*visit.who, *self.session(row))
            first[key] = min(first.get(key, row.time), row.time)
        return [visit for row, visit in views if first[(*visit.who, *self.session(row))] == row.time]

    def pages(self) -> list[tuple[Visit, str]]:
        """Views by page."""
        return [
            (Visit((*visit.who, visit.page), *visit[1:]), visit.page)
            for _, visit in self.views()
            if self.followed(visit.page)
        ]

    def visitors(self, visits: Iterable[tuple[Visit, str]]) -> Source:
        """Each visitor once: whether one of the views in the window converted, or still may."""
        views = dated(Fact(visit.at, {"page": page}, visit) for visit, page in visits)

        def pick(window: Window) -> list[Fact]:
            found: dict[Any, list[Fact]] = {}
            for fact in views(window):
                found.setdefault(fact.what.who, []).append(fact)
            young = ceil_to(window.end, QUARTER_HOUR) - self.wait
            facts = []
            for mine in found.values():
                hit = any(fact.what.hit for fact in mine)
                facts.append(Fact(mine[0].at, mine[0].dims, (hit, not hit and mine[-1].at >= young)))
            return facts

        return remembered(pick)


def undecided(begun: Sequence[Fact]) -> Source:
    """Items that started before the window's end and are undecided at it."""
    return lambda window: [
        Fact(fact.at, fact.dims) for fact in begun if fact.at < window.end and not fact.what < window.end
    ]


def without(done: Sequence[Fact], begun: Sequence[Fact]) -> Figure:
    """The share without a conversion."""
    top = sum(not fact.what for fact in done)
    return Figure(ratio(top, len(done)).value, top, len(done), len(done), open=len(begun))


def converted(visitors: Sequence[Fact]) -> Figure:
    """The share of visitors who converted."""
    top = sum(fact.what[0] for fact in visitors)
    still = sum(fact.what[1] for fact in visitors)
    return Figure(ratio(top, len(visitors)).value, top, len(visitors), len(visitors), open=still)


def conversion_rows(tenant: Tenant) -> list[KpiRow]:
    """Clicks, forms and landing pages."""
    c = Conversions(tenant)
    forms = Types(("crm.form.started", "crm.form.submitted"))
    views, clicks = Types(("crm.page.viewed", *c.types)), Types(("crm.link.clicked", *c.types))
    everybody = c.visitors((visit, "") for visit in c.landings())

    def row(kpi: str, types: Types, segments: str, formula: Callable[..., Figure], *lists: Source) -> KpiRow:
        return KpiRow(kpi, "ratio", types, segments, formula, lists, thin=True)

    return [
        row("clicks_without_conversion_rate", clicks, "touch", without, *c.click_lists()),
        row("form_abandonment_rate", forms, "subject", without, *c.form_lists()),
        KpiRow(
            "landing_page_conversion_rate",
            "ratio",
            views,
            "page",
            converted,
            (c.visitors(c.pages()),),
            thin=True,
            of_all=(everybody,),
        ),
    ]
