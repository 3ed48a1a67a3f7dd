"""Property of publishing: what is sent between two full publications, put over them, is all there is to say."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.calendar.windows import MINUTE_MS
from kpis.catalog import CATALOG
from kpis.publish import schedule
from kpis.publish.aims import is_paced
from kpis.publish.published import MOVING
from kpis.publish.reads import PLACES
from recount.documents import Document, Key, key
from tests.property.events import BASE, TENANTS, Told, ends
from tests.property.lanes import Lane, World, arrivals, in_order, row_of, worlds
from tests.property.test_engine import few

idle = settings(few, max_examples=60)
Board = dict[Key, dict[str, Any]]


def put(board: Board, told: list[Document]) -> Board:
    """A board after these documents."""
    for doc in told:
        if doc.get("gone"):
            del board[key(doc)]
        else:
            board[key(doc)] = {name: value for name, value in doc.items() if name not in MOVING}
    return board


@few
@given(st.data(), worlds(), ends)
def test_changed_documents_are_all_that_changed(data: st.DataObject, world: World, as_of: int) -> None:
    """Made after any batch or not: with the last the board is that of a full publication."""
    lane, boards = Lane(), dict[str, Board]()

    def publish() -> None:
        for tenant in lane.engine.tenants():
            if data.draw(st.booleans()):
                put(boards.setdefault(tenant, {}), lane.engine.documents(tenant, as_of, live=True, full=False))

    lane.take(data.draw(arrivals(world)), publish)
    for tenant in lane.engine.tenants():
        board = put(boards.setdefault(tenant, {}), lane.engine.documents(tenant, as_of, live=True, full=False))
        assert board == put({}, lane.engine.documents(tenant, as_of, live=True))


PACE = ("elapsed", "pace", "projection")
AGEING = {kpi.id for kpi in CATALOG if kpi.ageing}
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
# How long after an event something changes by it: the windows that move, and what ends by itself.
DAYS = (0, 1, 7, 14, 30, 31, 37, 60, 90)
widths = st.sampled_from((0, 15 * MINUTE_MS, HOUR_MS, 60 * DAY_MS, *(days * DAY_MS for days in DAYS)))
steps = st.lists(
    st.sampled_from((1, 999, MINUTE_MS, MINUTE_MS, MINUTE_MS, 14 * MINUTE_MS, 46 * MINUTE_MS)), min_size=2, max_size=5
)


def standing(board: Board) -> Board:
    """Without the numbers that go on with the clock: an idle tenant's are made once an hour."""
    return {name: _still(document) for name, document in board.items() if name[0] not in AGEING}


def _still(document: dict[str, Any]) -> dict[str, Any]:
    """The same of a pace, and of what is made of it."""
    if not is_paced(document):
        return document
    target = {name: value for name, value in document["target"].items() if name not in PACE}
    parts = {name: value for name, value in document["parts"].items() if name not in PACE}
    return {**document, "target": target, "parts": parts}


@idle
@given(st.data(), worlds(8), widths, st.integers(0, 3), st.integers(0, 2))
def test_what_the_clock_does_not_change_is_not_made(
    data: st.DataObject, world: World, width: int, ahead: int, shift: int
) -> None:
    """However long nothing happens: what was sent is what all documents say, at every instant.

    The clock walks past instants at which windows that move begin or end to hold an event.
    """
    lane = Lane().take(data.draw(arrivals(world)))
    event = data.draw(st.sampled_from([group[0] for group in world]))
    passes = event.time + width + data.draw(st.sampled_from((0, 0, HOUR_MS, -HOUR_MS)))  # a changed clock between
    now = passes - ahead * MINUTE_MS + shift * 333
    for sent, whole in walk(lane, event.tenant, now, data.draw(steps)):
        assert sent == whole


def walk(lane: Lane, tenant: str, now: int, wide: Iterable[int]) -> Iterator[tuple[Board, Board]]:
    """What was sent until an instant and what all documents say then, after each step (ms) from ``now`` on."""
    board = put({}, lane.engine.documents(tenant, now, live=True, full=False))
    for step in wide:
        now += step
        put(board, lane.engine.documents(tenant, now, live=True, full=False))
        yield standing(board), standing(put({}, lane.engine.documents(tenant, now, live=True)))


def test_a_clock_behind_the_newest_event_has_documents() -> None:
    """Segments see the event before the total does, which is read by the minute: no formula may divide by that."""
    deal = {"deal_id": "d1", "to_stage": "Closed Won"}
    minutes_past = BASE + 14 * MINUTE_MS
    won = row_of(Told("crm.deal.stage_changed", minutes_past, 0, 0, "/a", deal), TENANTS[0], "e")
    for sent, whole in walk(Lane().take(in_order([[won]])), TENANTS[0], minutes_past, [1, MINUTE_MS]):
        assert sent == whole


def test_a_customer_without_orders_is_one_from_the_minute_after() -> None:
    """Its lifetime value is 0: a number of a table, in which no pane lies that an edge of a window could pass."""
    deal = {"deal_id": "d1", "to_stage": "Closed Won"}
    won = row_of(Told("crm.deal.stage_changed", BASE, 0, 0, "/a", deal), TENANTS[0], "e")
    for since in (BASE, BASE + 15 * MINUTE_MS, BASE + HOUR_MS, BASE + DAY_MS):
        for sent, whole in walk(Lane().take(in_order([[won]])), TENANTS[0], since, [1, MINUTE_MS]):
            assert sent == whole


def test_an_edge_that_is_not_noticed_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above can fail: where nobody looks at the edges of windows, a view stays in its hour for ever."""
    view = row_of(Told("crm.page.viewed", BASE, 0, 0, "/a", {"anonymous_id": "a1", "url": "/"}), TENANTS[0], "e")
    starts = BASE + HOUR_MS - MINUTE_MS

    def right() -> list[bool]:
        lane = Lane().take(in_order([[view]]))
        return [sent == whole for sent, whole in walk(lane, TENANTS[0], starts, [MINUTE_MS] * 3)]

    assert right() == [True] * 3
    monkeypatch.setattr(schedule, "crossed", lambda *_: [0] * len(PLACES))
    assert not all(right())
