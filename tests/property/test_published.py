"""Property of publishing: what is sent between two full publications, put over them, is all there is to say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kpis.published import ALL, MOVING
from tests.property.events import ends
from tests.property.lanes import Lane, World, arrivals, worlds
from tests.property.test_engine import few
from tests.recount.documents import Document, Key, key

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
    """Made after any batch, with all segments, a few or none: with the last the board is that of a full publication."""
    lane, boards = Lane(), dict[str, Board]()

    def publish() -> None:
        for tenant in lane.engine.tenants():
            if data.draw(st.booleans()):
                parts = data.draw(st.sampled_from((0, 1, 20, 200, ALL)))
                told = lane.engine.documents(tenant, as_of, live=True, full=False, parts=parts)
                put(boards.setdefault(tenant, {}), told)

    lane.take(data.draw(arrivals(world)), publish)
    slices = data.draw(st.sampled_from((1, 20, 200, ALL)))
    for tenant in lane.engine.tenants():
        board = boards.setdefault(tenant, {})
        put(board, lane.engine.documents(tenant, as_of, live=True, full=False, parts=slices))
        while lane.engine.waiting(tenant):
            put(board, lane.engine.documents(tenant, as_of, live=True, full=False, parts=slices))
        assert board == put({}, lane.engine.documents(tenant, as_of, live=True, full=True))
