"""Property of publishing: what is sent between two full publications, put over them, is all there is to say."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalog import CATALOG
from kpis.published import MOVING
from kpis.windows import MINUTE_MS
from tests.property.events import ends
from tests.property.lanes import Lane, World, arrivals, worlds
from tests.property.test_engine import few
from tests.recount.documents import Document, Key, key

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


AGEING = {kpi.id for kpi in CATALOG if kpi.ageing}
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
# Minutes, quarter hours and days at which edges of windows pass what happened, and the instants beside them.
steps = st.one_of(
    st.integers(1, 59).map(lambda minutes: minutes * MINUTE_MS),
    st.sampled_from((1, 999, 15 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 7 * DAY_MS, 14 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS)),
    st.integers(0, 40 * 96).map(lambda quarters: quarters * 15 * MINUTE_MS),
)


def standing(board: Board) -> Board:
    """Without the numbers that go on with the clock: an idle tenant's are made once an hour."""
    return {name: document for name, document in board.items() if name[0] not in AGEING}


@idle
@given(st.data(), worlds(), st.lists(steps, min_size=1, max_size=6), st.booleans())
def test_what_the_clock_does_not_change_is_not_made(
    data: st.DataObject, world: World, pauses: list[int], walk: bool
) -> None:
    """However long nothing happens: what was sent is what all documents say, at every instant.

    ``walk``: after each pause some minutes one by one, as a running worker looks; else in one go.
    """
    lane, boards, now = Lane(), dict[str, Board](), data.draw(ends)

    def publish() -> None:
        for tenant in lane.engine.tenants():
            put(boards.setdefault(tenant, {}), lane.engine.documents(tenant, now, live=True, full=False))

    later = iter(pauses)
    for batch in data.draw(arrivals(world)):
        lane.take([batch])
        publish()
        now += next(later, 0) if data.draw(st.booleans()) else 0
    for pause in later:
        for step in (pause, *(MINUTE_MS,) * (20 if walk else 1)):
            now += step
            publish()
        for tenant in lane.engine.tenants():
            full = put({}, lane.engine.documents(tenant, now, live=True))
            assert standing(boards[tenant]) == standing(full)
