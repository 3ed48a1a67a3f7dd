"""Property of the settings `kpis` and `windows`: what is published is the same as if everything were counted."""

from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from kpis.catalog import CATALOG
from kpis.engine import Engine
from models.tenants import TenantBook
from recount.documents import Document, Key, key
from tests.feed import Feed, ms
from tests.property.events import BOOK, TENANTS, THEMES, crowds, ends
from tests.property.examples import EXAMPLES, settings_of
from tests.property.lanes import Lane, World, arrivals, worlds
from tests.property.test_engine import few, often
from tests.property.test_examples import give
from tests.property.test_measures import LATER, STORIES
from tests.property.test_published import Board, put

IDS: Final = [kpi.id for kpi in CATALOG]
TWELVE: Final = (
    "visitors", "leads", "win_rate", "closed_won_value", "pipeline_velocity", "sales_cycle_days", "net_revenue",
    "active_customers", "customer_churn_rate", "email_open_rate", "call_connect_rate", "net_promoter_score",
)  # fmt: skip
kpis = st.lists(st.sampled_from(IDS), max_size=2, unique=True).map(tuple) | st.just(TWELVE)
windows = st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=4, unique=True).map(tuple)


def book(chosen: tuple[str, ...], looked_at: tuple[str, ...]) -> TenantBook:
    """The tenants of the stories, who ask for less."""
    less: dict[str, Any] = {"kpis": chosen, "windows": looked_at}
    return TenantBook(tenants={name: BOOK[name].model_copy(update=less) for name in TENANTS})


def asked(documents: dict[Key, Document], chosen: tuple[str, ...]) -> dict[Key, Document]:
    """Those of all documents that are asked for."""
    return {name: document for name, document in documents.items() if not chosen or document["kpi"] in chosen}


def check(data: st.DataObject, world: World, as_of: int, chosen: tuple[str, ...], looked_at: tuple[str, ...]) -> None:
    """Both engines told the same, the one that keeps less restarted in between."""
    arrived = data.draw(arrivals(world))
    less, boards = Lane(book(chosen, looked_at)), dict[str, Board]()

    def publish() -> None:
        for tenant in less.engine.tenants():
            put(boards.setdefault(tenant, {}), less.engine.documents(tenant, as_of, live=True, full=False))

    half = data.draw(st.integers(0, len(arrived)))
    less.take(arrived[:half], publish)
    if data.draw(st.booleans()):
        less.restart(half)
        boards.clear()  # everything is sent anew
    less.take(arrived[half:], publish)
    everything = Lane().take(arrived)
    for tenant in everything.engine.tenants():
        wanted = asked(everything.documents(tenant, as_of, looked_at or WINDOWS), chosen)
        assert {key(doc): doc for doc in less.engine.documents(tenant, as_of, live=True)} == wanted
        assert less.engine.recount(tenant) == []
        publish()
        assert boards[tenant] == put({}, list(wanted.values()))


@settings(often, max_examples=200)
@given(st.data(), worlds(), ends, kpis, windows)
def test_what_is_asked_for_is_the_same_as_if_all_were_kept(
    data: st.DataObject, world: World, as_of: int, chosen: tuple[str, ...], looked_at: tuple[str, ...]
) -> None:
    """Documents, and those sent as changed; the cells that are kept are what the facts contribute."""
    check(data, world, as_of, chosen, looked_at)


@pytest.mark.parametrize("theme", range(len(THEMES)))
@settings(few, max_examples=25)
@given(st.data(), ends, kpis, windows)
def test_the_same_of_every_kind_of_event(
    theme: int, data: st.DataObject, as_of: int, chosen: tuple[str, ...], looked_at: tuple[str, ...]
) -> None:
    """Crowded stories of one theme."""
    check(data, data.draw(worlds(story=crowds(theme))), as_of, chosen, looked_at)


def told(name: str, less: dict[str, Any]) -> Engine:
    """A story with the events mixed, in three batches."""
    engine, feed = Engine(TenantBook(settings_of(name).model_copy(update={**LATER, **less}))), Feed()
    STORIES[name](feed)
    items = Random(name).sample(feed.items, len(feed.items))
    for third in range(3):
        give(engine, "t", items[third::3], third * len(items))
    return engine


def board_of(engine: Engine, as_of: int) -> dict[Key, Document]:
    """All documents."""
    return {key(doc): doc for doc in engine.documents("t", as_of, live=True)}


@pytest.mark.parametrize("name", STORIES)
def test_each_kpi_of_a_story_alone_is_the_same(name: str) -> None:
    """Those of which it tells anything (of a long story some), in all windows; and all of them in one window."""
    as_of = ms(EXAMPLES[name][-1].as_of if name in EXAMPLES else "2026-06-20")
    every = board_of(told(name, {}), as_of)
    found = sorted({doc["kpi"] for doc in every.values() if doc["n"] or doc["numerator"]})
    feed = Feed()
    STORIES[name](feed)
    for less in (*({"kpis": (kpi,)} for kpi in found[:: 1 + len(feed.items) // 100]), {"windows": ("30d",)}):
        engine = told(name, less)
        wanted = {
            place: doc
            for place, doc in every.items()
            if doc["kpi"] in less.get("kpis", IDS) and doc["window"] in less.get("windows", WINDOWS)
        }
        assert board_of(engine, as_of) == wanted, less
        assert engine.recount("t") == []
