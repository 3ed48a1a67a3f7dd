"""Property of sleep: an engine whose tenants sleep whenever they can says and stores what one does that never does."""

import gc
from collections.abc import Iterator
from functools import partial
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

import kpis.publish.schedule
from kpis.calendar.windows import MINUTE_MS
from kpis.publish.next_due import next_due
from kpis.publish.published import Published
from kpis.publish.reads import AGEING, ALL_ROWS, PLACES
from kpis.publish.schedule import schedule
from tests.property.lanes import Lane, World, arrivals, worlds
from tests.property.test_engine import few
from tests.property.test_published import Board, put, standing, widths

NEVER = 1 << 30
some = settings(few, max_examples=6)
gaps = st.lists(
    st.sampled_from((1, 999, MINUTE_MS, MINUTE_MS, 2 * MINUTE_MS, 14 * MINUTE_MS, 46 * MINUTE_MS, 61 * MINUTE_MS)),
    min_size=2, max_size=4,
)  # fmt: skip


def stored(lane: Lane) -> tuple[Any, ...]:
    """Everything that was stored, and what was deleted."""
    return lane.stored(), lane.entries.keys()


def is_over(left: Iterator[int]) -> bool:
    """Whether there was nothing left."""
    return next(left, None) is None


def publish(lane: Lane, boards: dict[str, Board], now: int, pieces: int) -> None:
    """Put all that is published at an instant on the boards, made in slices of so many pieces.

    In the end no reader is told that segments are still on their way.
    """
    more, waiting = True, dict[str, int]()
    while more:
        left = iter(range(pieces))
        made = lane.engine.compose(now, live=True, enough=partial(is_over, left))
        assert not made.failures
        for one in made.slices:
            put(boards.setdefault(one.tenant, {}), one.documents)
            waiting[one.tenant] = one.waiting
        more = made.more
    assert not any(waiting.values())
    assert made.checked == now


@few
@given(data=st.data(), world=worlds(), width=widths, ageing=st.booleans())
def test_nothing_is_due_before_it_is_said_to_be(data: st.DataObject, world: World, width: int, ageing: bool) -> None:
    """Asked minute by minute, a tenant that nobody had to look at has nothing to publish."""
    lane = Lane().take(data.draw(arrivals(world)))
    event = data.draw(st.sampled_from([group[0] for group in world]))
    one = lane.engine._tenants[event.tenant]
    minute = (event.time + width) // MINUTE_MS - data.draw(st.integers(0, 90))
    memory, shift = one.memory, data.draw(st.integers(0, MINUTE_MS - 1))
    with patch.object(kpis.publish.schedule, "READERS", ReadByAll()):
        for _ in range(3):
            schedule(one, minute * MINUTE_MS - shift)
            memory.resting = 0 if ageing else AGEING
            all_was_made(memory)
            until = next_due(one)
            for following in range(minute + 1, min(until, minute + 200)):
                schedule(one, following * MINUTE_MS - shift)
                assert not memory.due, (following, until)
            minute = max(until, minute + 1)


class ReadByAll(dict[str, int]):
    """As if every row read every measure."""

    def get(self, key: str, default: Any = None) -> Any:
        """All rows."""
        return ALL_ROWS


def all_was_made(memory: Published) -> None:
    """Nothing is due of what was noted so far."""
    memory._totals_due, memory._parts_due = [0] * len(PLACES), {}
    memory._sweep, memory._swept_first = None, False


@some
@given(st.data(), worlds(6), widths, st.sampled_from((40, NEVER)))
def test_sleep_changes_nothing(data: st.DataObject, world: World, width: int, pieces: int) -> None:
    """Between batches, over minutes without events, with a clock that goes back, and after everything was lost."""
    sleeping, waking, boards = Lane(awake=0), Lane(awake=NEVER), dict[str, Board]()
    batches = data.draw(arrivals(world))
    now = max(row.time for group in world for row in group) + data.draw(st.sampled_from((0, width)))
    for batch in [*batches, []]:
        for lane in (sleeping, waking):
            lane.take([batch])
        assert stored(sleeping) == stored(waking)
        for gap in data.draw(gaps) if batch in (batches[0], []) else ():
            now += data.draw(st.sampled_from((gap, gap, gap, -gap)))
            if data.draw(st.integers(0, 9)) == 0:
                sleeping.engine.everything(None)
            publish(sleeping, boards, now, pieces)
            for tenant in waking.engine.tenants():
                every = put({}, waking.engine.documents(tenant, now, live=True))
                assert standing(boards[tenant]) == standing(every)
    for tenant in waking.engine.tenants():
        assert (sleeping.engine.recount(tenant), sleeping.cells(tenant)) == ([], waking.cells(tenant))


@some
@given(st.data(), worlds(6), st.integers(0, 9))
def test_a_restart_may_end_in_sleep(data: st.DataObject, world: World, seed: int) -> None:
    """What was restored sleeps at once, and takes the next batches as if it had not."""
    batches = data.draw(arrivals(world))
    half = len(batches) // 2
    lanes = Lane(awake=0), Lane(awake=NEVER)
    for lane in lanes:
        lane.take(batches[:half])
        lane.restart(seed)
        lane.take(batches[half:])
    assert stored(lanes[0]) == stored(lanes[1])
    assert all(not lanes[0].engine.recount(tenant) for tenant in lanes[0].engine.tenants())


@some
@given(st.data(), worlds())
def test_what_sleeps_leaves_no_ring_behind(data: st.DataObject, world: World) -> None:
    """The engine's process does without the collector: objects have to go by their reference counts."""
    batches = data.draw(arrivals(world))
    lane = Lane(awake=0)
    gc.collect()
    gc.disable()
    try:
        lane.take(batches)
        gc.collect()  # what a batch leaves behind
        for tenant in list(lane.engine.tenants()):
            lane.engine.state(tenant)
            lane.engine._tenants.make_room()
        assert gc.collect() < 50
    finally:
        gc.enable()
