"""Property of `compute --series`: each figure is the one that `compute --as-of` the period's end prints."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from cli.periods import WINDOW_OF, Series
from cli.replay import Replay
from kpis.calendar.window_names import WINDOWS
from kpis.catalog import CATALOG
from kpis.engine import Engine
from models.record import Block, Row
from models.settings import TenantBook
from recount import compare
from recount.documents import Document, Recount
from tests.feed import Feed
from tests.property.events import Told
from tests.property.lanes import World, row_of, worlds
from tests.property.test_engine import few, variant
from tests.property.test_erasure import IDS
from tests.property.test_kept import book, kpis

FIRST: Final = {"day": 9, "week": 6 * 7, "month": 9 * 31}  # days before an end at which a series may begin
series = st.sampled_from(tuple(WINDOW_OF))
others = st.lists(st.sampled_from(WINDOWS), max_size=2, unique=True).map(tuple)


@st.composite
def asked(draw: st.DrawFn, unit: str) -> Series:
    """A series of a few periods around the clock changes of both zones."""
    as_of = date(2026, 3, 29) + timedelta(days=draw(st.integers(-20, 60)))
    since = as_of - timedelta(days=draw(st.integers(0, FIRST[unit])))
    longest = {"day": 0, "week": 6, "month": 30}[unit]
    return Series(unit, since.isoformat(), (as_of + timedelta(days=longest)).isoformat())


@st.composite
def told(draw: st.DrawFn, world: World) -> list[Row]:
    """The lines of a file: in any order or by time, ids that come again at another time, a request for erasure."""
    rows = [row for group in world for row in group]
    for row in draw(st.lists(st.sampled_from(rows), max_size=2)):
        other = draw(st.sampled_from(rows)).time
        rows.append(row._replace(content=row.content ^ 2, time=other, received=other))
    if draw(st.booleans()):
        first = draw(st.sampled_from(rows))
        mode = draw(st.sampled_from(("forget", "unpick")))
        who = {**draw(st.sampled_from(IDS)), "mode": mode}
        rows.append(row_of(Told("crm.privacy.erasure_requested", first.time, 0, 0, "/a", who), first.tenant, "gone"))
    rows = draw(st.permutations(rows))
    if draw(st.booleans()):
        rows.sort(key=lambda row: row.time)
    return [row._replace(offset=number) for number, row in enumerate(rows, 1)]


def block_of(rows: list[Row]) -> Block:
    """One block of a file."""
    return {"topic": "in", "partition": 0, "rows": [list(row) for row in rows], "refused": []}


def computed(rows: list[Row], tenant: str, tenants: TenantBook, end: int) -> list[Document]:
    """What `compute --as-of` an end prints of a tenant: a new engine, and only the events before it."""
    engine = Engine(tenants)
    before = [row for row in rows if row.time < end or row.data.get("time_known") is False]
    engine.apply(block_of(before), tenant, 0)
    engine.finish()
    return engine.documents(tenant, end, live=False)


def replayed(rows: list[Row], tenant: str, tenants: TenantBook, wanted: Series, cuts: list[bool]) -> Replay:
    """The same rows as batches of lines, none of them after the last end."""
    periods = wanted.periods(tenants[tenant].tz)
    replay, batch = Replay(tenant, tenants, periods), 0
    for row, cut in zip(rows, cuts, strict=True):
        batch += cut
        if row.time < periods[-1].end or row.data.get("time_known") is False:
            replay.add(batch, "in", 0, [row])
    return replay


@variant
@given(st.data(), worlds(), series, kpis, others)
def test_each_figure_of_a_series_is_that_of_an_as_of(
    data: st.DataObject, world: World, unit: str, chosen: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Every field of every document, as `compute` prints it and as the recount says."""
    rows, wanted = data.draw(told(world)), data.draw(asked(unit))
    tenants = book(chosen, (WINDOW_OF[unit], *more))
    for tenant in {row.tenant for row in rows}:
        own = [row for row in rows if row.tenant == tenant]
        cuts = data.draw(st.lists(st.booleans(), min_size=len(own), max_size=len(own)))
        looked_at = tenants[tenant].windows
        for period, documents in replayed(own, tenant, tenants, wanted, cuts).documents():
            assert documents == computed(own, tenant, tenants, period.end)
            counted = Recount(own, tenants[tenant], hide_from=period.end)
            assert compare(counted.documents(period.end, looked_at, chosen or None), documents) == []


ADDITIVE: Final = {kpi.id for kpi in CATALOG if kpi.additive and {"today", "month"} <= set(kpi.windows)}
COUNTED_ONCE: Final = {kpi.id for kpi in CATALOG if kpi.once and {"today", "month"} <= set(kpi.windows)}
days = st.integers(1, 31)


@st.composite
def done(draw: st.DrawFn) -> Feed:
    """What happened in a March, each thing once: nothing of it corrects another, or joins two people."""
    feed = Feed()
    for number, day in enumerate(draw(st.lists(days, min_size=1, max_size=12))):
        when, who = f"2026-03-{day:02}T{draw(st.sampled_from(('00:00', '11:20', '23:59')))}:00Z", f"c{number % 4}"
        match draw(st.integers(0, 5)):
            case 0:
                amount = draw(st.integers(1, 10_000))
                feed.add("order.completed", when, customer_id=who, order_id=f"o{number}", amount=amount, currency="EUR")
            case 1:
                feed.add("deal.won", when, deal_id=f"d{number}", amount=number, currency="EUR")
            case 2:
                feed.add("page.viewed", when, anonymous_id=who, url="/")
            case 3:
                feed.add("ticket.opened", when, customer_id=who, ticket_id=f"t{number}")
            case 4:
                feed.add("lead.created", when, lead_id=f"l{number}")
            case 5:
                feed.add("call.completed", when, customer_id=who, duration_s=60)
    return feed


def by_period(rows: list[Row], unit: str, tenants: TenantBook) -> list[dict[str, Any]]:
    """KPI -> value, of each period of March 2026."""
    wanted = Series(unit, "2026-03", "2026-03-31")
    replay = replayed(rows, "t", tenants, wanted, [False] * len(rows))
    return [
        {doc["kpi"]: doc["value"] for doc in documents if not doc["segment"] and doc["window"] == WINDOW_OF[unit]}
        for _, documents in replay.documents()
    ]


@settings(few, max_examples=25)
@given(done())
def test_days_add_up_to_the_month_and_people_at_least_to_it(feed: Feed) -> None:
    """Counts and money of every additive row; of what counts each once a window the month is at most the sum."""
    rows = [item._replace(offset=number) for number, item in enumerate(feed.items, 1) if isinstance(item, Row)]
    less: dict[str, Any] = {"kpis": tuple(ADDITIVE | COUNTED_ONCE), "windows": ("today", "month")}
    tenants = TenantBook.from_mapping({"tenant": less})
    daily, (month,) = by_period(rows, "day", tenants), by_period(rows, "month", tenants)
    assert len(daily) == 31
    known = {kpi for kpi, value in month.items() if value is not None}
    assert known & ADDITIVE
    for kpi in known:
        total = sum(Fraction(day[kpi] or 0) for day in daily)
        assert total == Fraction(month[kpi]) if kpi in ADDITIVE else total >= Fraction(month[kpi]), kpi
