"""What an operator's ways out decide, without any server."""

import pytest

from streams.position import Position
from streams.probe import past
from streams.rescue import Rebase, Standing, rebase_of

IDS = {"journal": "j1", "in": "i1"}
FITS = Standing(Position(50, 3, IDS), (b"facme\0deal\0D1",), False, 10, 90, IDS)
EMPTY = Standing(None, (), False, 0, 90, IDS)


def test_a_lane_that_fits_is_left_alone() -> None:
    """A new one too, and one whose state was lost while the journal still has everything."""
    assert rebase_of(FITS, "journal") is None
    assert rebase_of(EMPTY, "journal") is None


def test_lost_state_beside_a_trimmed_journal_counts_what_is_left() -> None:
    """All before the journal's beginning is noted as lost; entries without a position are taken away."""
    found = rebase_of(EMPTY._replace(first=10, keys=(b"c1", b"c2")), "journal")

    assert found is not None
    assert (found.next, found.lost, found.gone) == (10, (0, 10), (b"c1", b"c2"))


def test_an_emptied_state_topic_is_counted_from_the_beginning() -> None:
    """Nothing is lost when the journal has everything, but the decision has to be written down."""
    found = rebase_of(EMPTY._replace(emptied=True), "journal")

    assert found is not None
    assert (found.next, found.lost) == (0, None)


@pytest.mark.parametrize(("first", "end", "to", "lost"), [(60, 90, 60, (50, 60)), (10, 40, 40, None)])
def test_a_position_outside_the_journal_moves_to_its_edge(
    first: int, end: int, to: int, lost: tuple[int, int] | None
) -> None:
    """Trimmed: what lay between is lost. Cut off at its end: all that is gone was counted."""
    found = rebase_of(FITS._replace(first=first, end=end), "journal")

    assert found is not None
    assert (found.next, found.epoch, found.lost, found.gone) == (to, 4, lost, ())


def test_a_recreated_input_forgets_how_far_it_was_read() -> None:
    """Or its events would pass for repeats."""
    highs = (b"facme\0high\0in\x000", b"facme\0high\0other\x000")
    found = rebase_of(FITS._replace(keys=(*FITS.keys, *highs), topics={"journal": "j1", "in": "i2"}), "journal")

    assert found == Rebase(50, 4, None, highs[:1], "in was recreated: it will be read from the beginning")


def test_a_recreated_journal_is_counted_from_its_beginning() -> None:
    """On top of the state, which stays."""
    found = rebase_of(FITS._replace(first=0, topics={"journal": "j2", "in": "i1"}), "journal")

    assert found is not None
    assert (found.next, found.epoch, found.gone) == (0, 4, ())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100])
async def test_the_first_good_offset_behind_a_bad_batch_is_found(size: int) -> None:
    """However many records it holds, in few looks."""
    looks = 0

    async def good(offset: int) -> bool:
        nonlocal looks
        looks += 1
        return offset >= 40 + size

    assert await past(40, 1_000, good) == 40 + size
    assert looks < 20


async def test_a_bad_batch_at_the_end_leads_to_the_end() -> None:
    """Nothing good follows."""

    async def good(offset: int) -> bool:
        return False

    assert await past(40, 47, good) == 47
    assert await past(40, 41, good) == 41
