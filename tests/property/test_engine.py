"""Properties of the engine: numbers depend on what happened, not on how it was told, and survive a restart."""

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from recount.windows import DAY
from tests.property.events import BASE, THEMES, crowds, ends
from tests.property.lanes import Lane, Seen, World, arrivals, differences, in_order, worlds
from tests.property.parts import ADDED, halves, sides

# Of an example's time most goes into documents, so each looks at two windows; together they see all of them many times.
# `make soak` looks at ten times as many.
EXAMPLES: Final = int(os.environ.get("CRMKPI_EXAMPLES", "150"))
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
few = settings(often, max_examples=EXAMPLES // 6)
variant = settings(often, max_examples=EXAMPLES // 3)  # the same properties under other settings, with something added
soak = settings(often, max_examples=2_000)
windows = st.lists(st.sampled_from(WINDOWS), min_size=2, max_size=2, unique=True)


@often
@given(st.data(), worlds(), ends, windows)
def test_any_order_and_batching_gives_the_same_numbers(
    data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """Order, batches, copies' places, input partitions and redelivery change no cell, document or entry."""
    one, other = Lane().take(in_order(world)), Lane().take(data.draw(arrivals(world)))
    assert Seen.of(other, as_of, looked_at) == Seen.of(one, as_of, looked_at)
    assert other.settled() == one.settled()


@often
@given(st.data(), worlds(), ends, windows)
def test_changes_add_up_to_the_final_state(data: st.DataObject, world: World, as_of: int, looked_at: list[str]) -> None:
    """The cells hold what the facts contribute, and the documents say what a naive recount says."""
    check_against_recount(data, world, as_of, looked_at)


@pytest.mark.parametrize("theme", range(len(THEMES)))
@few
@given(st.data(), windows)
def test_what_happens_at_the_same_time_has_an_order(theme: int, data: st.DataObject, looked_at: list[str]) -> None:
    """It does not depend on what came first, and is the one that the recount has."""
    check_against_recount(data, data.draw(worlds(story=crowds(theme))), BASE + 20 * DAY, looked_at)


@pytest.mark.soak
@soak
@given(st.data(), worlds(14), ends)
def test_changes_add_up_in_every_window(data: st.DataObject, world: World, as_of: int) -> None:
    """The same with more and longer stories, and all windows of each."""
    check_against_recount(data, world, as_of, list(WINDOWS))


def check_against_recount(data: st.DataObject, world: World, as_of: int, looked_at: list[str]) -> None:
    """Cells, facts and recount agree."""
    arrived = data.draw(arrivals(world))
    assert differences(Lane().take(arrived), arrived, as_of, looked_at) == []


@often
@given(st.data(), worlds(), ends, windows)
def test_a_restart_between_batches_changes_nothing(
    data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """An engine made of the stored entries goes on as if nothing had been: same documents, cells and entries."""
    arrived = data.draw(arrivals(world))
    at, seed = data.draw(st.integers(0, len(arrived))), data.draw(st.integers(0, 9))
    one, other = Lane().take(arrived), Lane().take(arrived[:at])
    other.restart(seed)
    assert [difference for tenant in other.engine.tenants() for difference in other.engine.recount(tenant)] == []
    other.take(arrived[at:])
    assert Seen.of(other, as_of, looked_at) == Seen.of(one, as_of, looked_at)
    assert other.stored() == one.stored()


@often
@given(halves(), ends, windows)
def test_parts_add_up_over_disjoint_subjects(both: tuple[World, World], as_of: int, looked_at: list[str]) -> None:
    """Two companies' halves that share no id, counted apart, add up to the whole."""
    parts = [Lane(ADDED).take(in_order(half)).documents("whole", as_of, looked_at) for half in both]
    whole = Lane(ADDED).take(in_order([*both[0], *both[1]])).documents("whole", as_of, looked_at)
    for name, document in whole.items():
        # A segment with nothing but late events has no document of its own.
        known = all(name in part for part in parts)
        added = [sides(part.get(name, {"kpi": name[0]}), late=known) for part in parts]
        assert sides(document, late=known) == {side: sum(part[side] for part in added) for side in added[0]}, name
