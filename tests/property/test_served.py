"""Property of what is served: Redis, the API and the query port say what the engine says, and it adds up.

Stories arrive batch by batch, with merges, refunds, reopened deals and late events, and are published meanwhile, in
slices that may be cut off. Whenever all is published, a tile is the sum of its series, and of its members.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.calendar.window_names import SEGMENT_WINDOWS
from kpis.catalog import CATALOG
from kpis.publish.documents import Board
from kpis.publish.published import MOVING
from kpis.publish.reads import PLACES
from kpis.query.readings import LISTED, can_list
from recount.documents import Key, key
from recount.windows import DAY, QUARTER_HOUR, unit_start
from sinks.query import QueryRefused
from tests.property.events import BASE, BOOK, LINKS, THEMES, Told, ends, stories
from tests.property.lanes import Lane, World, arrivals, in_order, worlds
from tests.property.served import Served, Site
from tests.property.test_kept import book

pytestmark = pytest.mark.servers
often = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
soak = settings(often, max_examples=1_500)

NEVER: Final = 1 << 30
ONE: Final = timedelta(days=1)
LOOKED_AT: Final = (
    "today", "yesterday", "7d", "30d", "365d", "week", "month", "last_week", "last_month", "all",
)  # fmt: skip
STEPS: Final = {"today": "day", "week": "week", "month": "month"}  # windows that are a bucket of a step,
OVER: Final = {"yesterday": "day", "last_week": "week", "last_month": "month"}  # and those that are one that is over
BY_ID: Final = {kpi.id: kpi for kpi in CATALOG}
DATED: Final = ("closed_at", "effective_at", "due_at", "period_start")  # when a fact counts, beside its event's time
WAIT: Final = "/api/v1/lag shows events that wait"
Document = dict[str, Any]
Documents = dict[Key, Document]


@pytest.fixture(scope="module")
def site(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A query port, and room in Redis."""
    with asyncio.Runner() as runner:
        yield Site(redis_url, runner, tmp_path_factory.mktemp("site").name)


@often
@given(st.data(), st.integers(-1, len(THEMES) - 1))
def test_what_is_served_adds_up(site: Site, data: st.DataObject, theme: int) -> None:
    """After every batch, and after publications that were cut off."""
    site.run(tell(site, data, theme))


@pytest.mark.soak
@soak
@given(st.data(), st.integers(-1, len(THEMES) - 1))
def test_what_is_served_adds_up_for_longer(site: Site, data: st.DataObject, theme: int) -> None:
    """The same with many more stories."""
    site.run(tell(site, data, theme))


async def tell(site: Site, data: st.DataObject, theme: int) -> None:
    """Count a story, publish it, and look."""
    world = data.draw(worlds(story=stories(20) if theme < 0 else busy(theme)))
    now = data.draw(st.one_of(ends, st.just(soon(max(group[0].time for group in world)))))
    about = telling(world, now)
    adding = [kpi for kpi in about if BY_ID[kpi].additive] or about
    chosen = tuple({data.draw(st.sampled_from(adding)): 1, data.draw(st.sampled_from(about)): 1})
    less = st.lists(st.sampled_from(LOOKED_AT), min_size=2, max_size=5, unique=True).map(tuple)
    windows = data.draw(st.one_of(st.just(LOOKED_AT), st.just(LOOKED_AT), less))
    lane = Lane(book(chosen, windows), awake=data.draw(st.sampled_from((0, NEVER))))
    pieces = data.draw(st.sampled_from((3, 40, NEVER)))
    async with site.served(lane) as served:
        for batch in data.draw(arrivals(world)):
            lane.take([batch])
            served.counted()
            now += await between(data, served, now, pieces)
        assert await served.publish(now, pieces)
        for tenant in lane.engine.tenants():
            await Look(served, data, tenant, world, windows).everything(chosen)


async def between(data: st.DataObject, served: Served, now: int, pieces: int) -> int:
    """What happens after a batch; how much later (ms) it is then."""
    match data.draw(st.integers(0, 7)):
        case 0:
            return 0
        case 1 | 2:  # another batch comes while slices wait
            await served.publish(now, pieces, calls=data.draw(st.integers(1, 5)))
            return data.draw(st.sampled_from((0, 0, QUARTER_HOUR)))
        case 3:
            served.lane.restart(now % 7)
            served.lane.engine.everything(None)
        case 4:
            await served.lose()
    assert await served.publish(now, pieces)
    for tenant in served.lane.engine.tenants():
        await same_board(served, tenant)
    return data.draw(st.sampled_from((0, 0, QUARTER_HOUR, DAY)))


def soon(instant: int) -> int:
    """An instant at which segments and totals see the same: the first quarter hour after a day."""
    return -(-(instant + DAY) // QUARTER_HOUR) * QUARTER_HOUR


def busy(theme: int) -> st.SearchStrategy[list[Told]]:
    """Stories of one theme and ten days, so that windows and days hold more."""
    told = st.lists(st.one_of(*LINKS, *THEMES[theme]), min_size=8, max_size=24)
    return told.map(lambda story: [one._replace(time=BASE + (one.time - BASE) % (10 * DAY)) for one in story])


def telling(world: World, now: int) -> list[str]:
    """KPIs of which a story says something; all, where it says nothing."""
    engine = Lane().take(in_order(world)).engine
    boards = [Board(engine.state(tenant), now) for tenant in engine.tenants()]
    found = [
        document["kpi"]
        for board in boards
        for row in range(len(CATALOG))
        for window in ("30d", "all")
        for document in board.total(row, PLACES[window])
        if document["n"] and not CATALOG[row].quality
    ]
    return list(dict.fromkeys(found)) or [kpi.id for kpi in CATALOG]


def told(document: Mapping[str, Any]) -> Document:
    """What a document says, but for what moves with the clock: it is published again when this changes."""
    return {name: value for name, value in document.items() if name not in MOVING}


async def same_board(served: Served, tenant: str) -> Documents:
    """The engine's documents, which are those of Redis."""
    own = served.lane.engine.documents(tenant, served.now, live=True)
    held = await served.reader.documents(tenant)
    board = {key(one): one for one in held}
    assert {name: told(one) for name, one in board.items()} == {key(one): told(one) for one in own}
    return board


def exact(value: Any) -> Fraction:
    """A number of an answer; nothing counts nothing."""
    return Fraction(str(value)) if value is not None else Fraction(0)


def text_of(segment: Mapping[str, str]) -> str | None:
    """A segment as a parameter."""
    return next((f"{name}:{value}" for name, value in segment.items()), None)


class Look:
    """One tenant, looked at from all sides."""

    def __init__(
        self, served: Served, data: st.DataObject, tenant: str, world: World, windows: tuple[str, ...]
    ) -> None:
        self.served, self.data, self.tenant, self.windows = served, data, tenant, windows
        self.home = BOOK[tenant].currency
        self.zone = ZoneInfo(BOOK[tenant].tz)
        self.today = self.day(served.now - 1)
        currencies = {row.data.get("currency") for group in world for row in group} - {None, self.home}
        self.foreign = bool(currencies)
        first = served.lane.engine.state(tenant).first
        self.first = None if first is None else self.day(first)
        rows = (row for group in world for row in group[:1] if row.tenant == tenant)
        dated = (row.data[name] for row in rows for name in DATED if name in row.data)
        days = [date.fromisoformat(one) if isinstance(one, str) else self.day(one) for one in dated]
        self.oldest = min(days, default=None)

    def day(self, instant: int) -> date:
        """The local date of an instant, ms."""
        return datetime.fromtimestamp(instant / 1000, self.zone).date()

    def near(self, one: Any, other: Any, unit: str, terms: int) -> bool:
        """Whether two numbers are the same; amounts that were converted are rounded one by one."""
        if unit == "money" and self.foreign:
            return abs(exact(one) - exact(other)) <= Fraction(terms + 1, 200)
        return exact(one) == exact(other)

    async def get(self, kpi: str, what: str = "", **fields: Any) -> Document:
        """What the API answers, which it must."""
        status, found = await self.served.of(self.tenant, kpi, what, **fields)
        assert status == 200, (kpi, what, fields, found)
        return found

    async def everything(self, chosen: Iterable[str]) -> None:
        """All that is said of some KPIs."""
        self.board = await same_board(self.served, self.tenant)
        self.catalog = {row["kpi"]: row for row in await self.served.catalog()}
        await self.snapshots()
        for kpi in chosen:
            await self.documents(kpi)
            await self.total_series(kpi)
            await self.segment_series(kpi)
            await self.members(kpi)
            await self.leaderboards(kpi)
            await self.pairs(kpi)

    # --- (a) one document, three places

    async def snapshots(self) -> None:
        """The totals of a window are the documents."""
        window = self.data.draw(st.sampled_from(LOOKED_AT))
        status, found = await self.served.get(self.tenant, "snapshot", window=window)
        assert status == 200
        assert {key(one): one for one in found["documents"]} == {
            name: one for name, one in self.board.items() if name[1] == window and not one["segment"]
        }

    async def documents(self, kpi: str) -> None:
        """Those of a window: each by itself, all together, and as the query port has them."""
        window = self.data.draw(st.sampled_from([one for one in LOOKED_AT if one in BY_ID[kpi].windows]))
        if window not in self.windows:
            await self.not_published(kpi, window)
            return
        own = {name: one for name, one in self.board.items() if name[:2] == (kpi, window)}
        found = await self.get(kpi, "segments", window=window)
        listed = [
            *([found["total"]] if found["total"] else []),
            *(d for one in found["dimensions"].values() for d in one),
        ]
        assert {key(one): one for one in listed} == own
        for document in self.some(own.values(), 2):
            segment = document["segment"]
            assert await self.get(kpi, window=window, segment=text_of(segment)) == document
            asked = await self.served.client.ask(self.tenant, "document", kpi=kpi, window=window, segment=segment)
            assert told(asked) == told(document)

    async def not_published(self, kpi: str, window: str) -> None:
        """Words instead of a number."""
        status, found = await self.served.of(self.tenant, kpi, window=window)
        assert (status, found["detail"]) == (404, f"{kpi}, window {window}, is not published (yet); {WAIT}")
        with pytest.raises(QueryRefused, match=f"window {window} is not counted for this tenant"):
            await self.served.client.ask(self.tenant, "members", kpi=kpi, window=window)

    def some(self, all_: Iterable[Document], most: int) -> list[Document]:
        """A few of several."""
        named = {key(one): one for one in all_}
        said = [name for name, one in named.items() if one["n"]]
        chosen = self.data.draw(st.permutations(sorted(said or named)))[: most if said else 1]
        return [named[name] for name in chosen]

    # --- (b) a tile is the sum of its series

    def span(self, document: Document) -> tuple[date, date]:
        """The first and the last local day of a document's window."""
        start, end = (datetime.fromisoformat(document[name]) for name in ("start", "end"))
        last = (end - timedelta(milliseconds=1)).astimezone(self.zone).date()
        return start.astimezone(self.zone).date(), last if document["window"] in OVER else self.today

    def steps(self, kpi: str, window: str) -> list[str]:
        """Steps whose buckets make up a window."""
        own = {"day", (STEPS | OVER).get(window, "day")}
        return [step for step in self.catalog[kpi]["steps"] if step in own]

    async def total_series(self, kpi: str) -> None:
        """Its buckets are those that are over from Redis, and the document of the running one."""
        for document in self.some(self.of(kpi, (*STEPS, *OVER, "7d", "30d", "365d"), {}), 3):
            for step in self.steps(kpi, document["window"]):
                first, last = self.span(document)
                found = await self.get(kpi, "series", step=step, **{"from": first.isoformat(), "to": last.isoformat()})
                self.compare(kpi, document, found)
                await self.each_bucket(kpi, found, {})

    async def segment_series(self, kpi: str) -> None:
        """The same of segments, which a worker knows."""
        named = [one for one in self.of(kpi, SEGMENT_WINDOWS, None) if one["segment"]]
        named = [one for one in named if one["window"] in ("7d", "30d", "month", "last_month")]
        for document in self.some(named, 3):
            for step in self.steps(kpi, document["window"]):
                first, last = self.span(document)
                fields = {"step": step, "from": first.isoformat(), "to": last.isoformat()}
                status, found = await self.served.of(
                    self.tenant, kpi, "series", segment=text_of(document["segment"]), **fields
                )
                if status != 200:
                    assert (status, self.cannot(kpi, document, step, found["detail"])) == (400, True), found
                    continue
                self.compare(kpi, document, found)
                await self.each_bucket(kpi, found, document["segment"])

    def cannot(self, kpi: str, document: Document, step: str, words: str) -> bool:
        """Whether a series of a segment may be refused in these words."""
        (dimension,) = document["segment"]
        if next(name for name, one in OVER.items() if one == step) not in self.windows:
            return f"no series by {step} is counted for this tenant" in words
        if "has no series by segment" in words:
            return kpi in LISTED
        if BY_ID[kpi].vector is not None:
            return f"{kpi} has no dimension {dimension!r}" in words
        if document["segment"][dimension] == "__other__":
            return "so it has no series" in words
        return step != "month" and "by month only" in words

    def of(self, kpi: str, windows: Iterable[str], segment: Document | None) -> list[Document]:
        """The documents of a KPI in some windows."""
        return [one for name, one in self.board.items()
                if name[0] == kpi and name[1] in windows and segment in (None, one["segment"])]  # fmt: skip

    def compare(self, kpi: str, document: Document, found: Document) -> None:
        """A window's document with the series that it is made of."""
        (line,) = found["series"]
        said = (kpi, document, found)
        assert len(line["values"]) == len(line["n"]) == len(line["status"]) == len(found["buckets"])
        for bucket, value, n, status in zip(found["buckets"], line["values"], line["n"], line["status"], strict=True):
            assert (value is None) <= (status in (None, "no_data", "partial")), said
            after = self.end(bucket, found["step"])
            if after <= self.today and (self.first is None or after <= self.first):
                assert (value, n, status) == (None, None, None), said
        if self.catalog[kpi]["additive"] and self.known(found, document):
            summed = sum(map(exact, line["values"]))
            assert self.near(summed, document["value"], document["unit"], len(line["values"])), said
            assert document["value"] is not None or set(line["values"]) <= {None}, said
        if line["n"] != [None] * len(line["n"]) and len(line["n"]) == 1:
            assert (line["values"][0], line["n"][0]) == (document["value"], document["n"]), said

    def known(self, found: Document, document: Document) -> bool:
        """Whether the tenant counts all buckets of a window: those that are over, and the one that goes on."""
        over, running = (next(name for name, one in kind.items() if one == found["step"]) for kind in (OVER, STEPS))
        if self.first and self.oldest and self.span(document)[0] < self.first and self.oldest < self.first:
            return False  # no series has what facts date back to before the first event
        closed = over in self.windows or (len(found["buckets"]) == 1 and document["window"] == running)
        return closed and (running in self.windows or document["window"] in OVER)

    def end(self, bucket: str, step: str) -> date:
        """The first day behind a bucket."""
        if step == "month":
            return unit_start(date.fromisoformat(f"{bucket}-01") + 31 * ONE, "month")
        return date.fromisoformat(bucket) + (7 if step == "week" else 1) * ONE

    async def each_bucket(self, kpi: str, found: Document, segment: dict[str, str]) -> None:
        """A bucket that is over is the document of then, as known now, where there is one."""
        (line,), step = found["series"], found["step"]
        if not found["buckets"]:  # the tenant counts none of this step, nor the one that goes on
            assert self.windows != LOOKED_AT
            return
        for place in self.data.draw(st.lists(st.sampled_from(range(len(found["buckets"]))), max_size=2, unique=True)):
            after = self.end(found["buckets"][place], step)
            for windows, at in ((STEPS, after), (OVER, after + ONE)):
                (window,) = (name for name, one in windows.items() if one == step)
                if window not in self.windows or (segment and window not in SEGMENT_WINDOWS):
                    continue
                if at > self.today or window not in BY_ID[kpi].windows:
                    continue
                if line["status"][place] is None:
                    continue
                then = await self.get(kpi, window=window, segment=text_of(segment), as_of=at.isoformat())
                point = (line["values"][place], line["n"][place], line["status"][place])
                assert point == (then["value"], then["n"], then["status"]), (kpi, found, then)

    # --- (c) a tile is the sum of its members

    async def members(self, kpi: str) -> None:
        """Over all pages: by the API, and of the query port in another order."""
        for document in self.some(self.of(kpi, LOOKED_AT, None), 4):
            fields = {"window": document["window"], "limit": self.data.draw(st.integers(1, 4))}
            pages = [one async for one in self.pages(kpi, segment=text_of(document["segment"]), **fields)]
            if pages[0][0] != 200:
                assert pages[0][0] == 400, pages
                self.unlisted(kpi, document, pages[0][1]["detail"])
                continue
            found = [one for _, page in pages for one in page["members"]]
            self.add_up(document, [page for _, page in pages], found)
            whole = await self.served.client.ask(
                self.tenant, "members", kpi=kpi, window=document["window"], segment=document["segment"], limit=1000,
                order="largest",
            )  # fmt: skip
            self.add_up(document, [whole], whole["members"])
            assert sorted(map(repr, whole["members"])) == sorted(map(repr, found))

    async def pages(self, kpi: str, limit: int, **fields: Any) -> Any:
        """All pages of members."""
        offset, total = 0, 1
        while offset < total:
            status, page = await self.served.of(self.tenant, kpi, "members", limit=limit, offset=offset, **fields)
            yield status, page
            total, offset = page.get("total", 0), offset + limit

    def unlisted(self, kpi: str, document: Document, words: str) -> None:
        """What cannot be listed is refused in words that say why."""
        one = BY_ID[kpi]
        assert not can_list(one) or (one.rows == "page" and document["segment"]), words
        assert kpi in words

    def add_up(self, document: Document, pages: list[Document], members: list[Document]) -> None:
        """n and numerator of all members are those of the number."""
        said = (document, pages)
        assert len(members) == pages[0]["total"], said
        assert len({(one["kind"], one["id"]) for one in members}) == len(members), said
        for page in pages:
            for field in ("value", "n", "numerator"):
                assert page[field] == document[field], said
        assert sum(one["n"] for one in members) == document["n"], said
        if document["numerator"] is None:
            return
        summed = sum((exact(one["numerator"]) for one in members), Fraction(0)) + exact(pages[0].get("rounding"))
        if isinstance(document["numerator"], float):
            assert float(summed) == pytest.approx(document["numerator"]), said
        else:
            assert summed == exact(document["numerator"]), said

    # --- (d) leaderboards and pairs

    async def leaderboards(self, kpi: str) -> None:
        """The values of a dimension, each in one of which everything is, add up to the total."""
        if not self.catalog[kpi]["additive"]:
            return
        for total in self.some(self.of(kpi, LOOKED_AT, {}), 3):
            found = await self.get(kpi, "segments", window=total["window"])
            for several in found["dimensions"].values():
                summed = sum(exact(one["value"]) for one in several)
                assert self.near(summed, total["value"], total["unit"], len(several)), (total, several)

    async def pairs(self, kpi: str) -> None:
        """The cells of a row add up to its document."""
        adds = self.catalog[kpi]["additive"]
        windows = [one for one in SEGMENT_WINDOWS if one in self.windows and one in BY_ID[kpi].segment_windows]
        if not windows:
            return
        window = self.data.draw(st.sampled_from(windows))
        dimensions = sorted({next(iter(one["segment"])) for one in self.of(kpi, (window,), None) if one["segment"]})
        for rows, columns in list(combinations(dimensions, 2))[:2]:
            fields = {"window": window, "rows": rows, "columns": columns}
            status, found = await self.served.of(self.tenant, kpi, "cross", **fields)
            if status != 200:
                assert status == 400, found
                assert "cannot be crossed" in found["detail"]
                return
            for value, cells in zip(found["rows"], found["cells"], strict=True):
                own = (
                    await self.get(kpi, window=window, segment=f"{rows}:{value}")
                    if (kpi, window, ((rows, value),)) in self.board
                    else None
                )
                if own is None:
                    continue
                assert sum(cell["n"] for cell in cells if cell) == own["n"], (found, own)
                if adds:
                    summed = sum(exact(cell["value"]) for cell in cells if cell)
                    assert self.near(summed, own["value"], own["unit"], len(cells)), (found, own)
