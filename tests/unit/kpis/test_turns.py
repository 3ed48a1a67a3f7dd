"""What of a tenant is made next when more becomes due all the time."""

from collections import Counter
from collections.abc import Callable, Iterable

from kpis.calendar.buckets import STEPS, Step
from kpis.catalog.kept import kept
from kpis.publish.history import NO_BUCKETS, Buckets, Points
from kpis.publish.published import Document, Made, Published
from kpis.publish.reads import ALL_ROWS, PARTS, PLACES, bits
from models.settings import TenantSettings


class Told:
    """A maker that only notes what it is asked for; histories take two goes each."""

    as_of = 0

    def __init__(self) -> None:
        self.parts_of: Counter[tuple[int, int]] = Counter()
        self.points_of: Counter[tuple[int, str]] = Counter()

    def total(self, row: int, place: int) -> Iterable[Document]:
        """None."""
        return ()

    def parts(self, row: int, place: int) -> Iterable[Document]:
        """None."""
        self.parts_of[row, place] += 1
        return ()

    def points(self, row: int, step: Step, wanted: Buckets, enough: Callable[[], bool]) -> tuple[Points, Buckets]:
        """No point; the first time something is left."""
        self.points_of[row, step.name] += 1
        return Points("", step.name, "", "", {}), NO_BUCKETS if self.points_of[row, step.name] % 2 == 0 else wanted


def busy(memory: Published) -> None:
    """Every document may be another again."""
    for place in range(len(PLACES)):
        memory.add(place, ALL_ROWS)


def test_every_segment_and_history_has_its_turn_under_a_constant_flow() -> None:
    """Also when more becomes due before each of them is made, as of a busy tenant on a busy machine."""
    memory, maker = Published(kept(TenantSettings())), Told()
    memory.everything()
    memory.all_points()
    wanted = {(row, place) for row, due in enumerate(PARTS) for place in bits(due)}
    points = sum(due.bit_count() for due in memory._parts_due.values()) - len(wanted)
    for _ in range(len(wanted) + 2 * points):
        busy(memory)
        memory.some_parts(maker, Made(), lambda: True)

    assert set(maker.parts_of) == wanted
    assert max(maker.parts_of.values()) == 1
    assert len(maker.points_of) == points > len(STEPS)
    assert memory._sweep == set()  # and what is no more can go


def test_what_is_due_again_behind_comes_with_the_next_turn() -> None:
    """Nothing is forgotten: once it is quiet, all is made."""
    memory, maker = Published(kept(TenantSettings())), Told()
    busy(memory)
    for _ in range(7):
        busy(memory)
        memory.some_parts(maker, Made(), lambda: True)
    seen = maker.parts_of.copy()
    while memory.parts_due:
        memory.some_parts(maker, Made(), lambda: True)

    assert set(maker.parts_of) == {(row, place) for row, due in enumerate(PARTS) for place in bits(due)}
    assert all(maker.parts_of[one] >= 2 for one in list(seen)[:-1])
