"""What a number is compared with moves on: with the clock, and with events of then. Each edge is passed on purpose."""

import pytest

from kpis.calendar.windows import MINUTE_MS
from kpis.publish import comparison, crossing
from tests.property.events import BASE, TENANTS, Told
from tests.property.lanes import Lane, batches, in_order, row_of
from tests.property.test_published import DAY_MS, HOUR_MS, put, standing, walk

QUARTER_MS = 15 * MINUTE_MS
VIEW: dict[str, object] = {"anonymous_id": "a1", "url": "/"}
WON: dict[str, object] = {
    "deal_id": "d1",
    "to_stage": "Closed Won",
    "customer_id": "c1",
    "amount": 1050,
    "currency": "EUR",
}
WIDTHS = (QUARTER_MS, 2 * QUARTER_MS, HOUR_MS, 2 * HOUR_MS, 23 * HOUR_MS, DAY_MS, 25 * HOUR_MS, 2 * DAY_MS)


def told(kind: str, at: int, name: str, data: dict[str, object]) -> list[object]:
    """One event of a world."""
    return [row_of(Told(kind, at, 0, 0, "/a", dict(data)), TENANTS[0], name)]


def world_of(at: int) -> list[list[object]]:
    """A visit and a sale at an instant, and the same kinds of events long before."""
    old = at - 40 * DAY_MS
    return [
        told("crm.page.viewed", old, "e1", {**VIEW, "anonymous_id": "a2"}),
        told("crm.deal.stage_changed", old, "e2", {**WON, "deal_id": "d2", "customer_id": "c2"}),
        told("crm.page.viewed", at, "e3", VIEW),
        told("crm.deal.stage_changed", at, "e4", WON),
    ]


def lane_with(at: int, *more: list[object]) -> Lane:
    """A lane that has counted these events, and more."""
    return Lane(awake=1).take(in_order([*world_of(at), *more]))  # type: ignore[list-item]


def passes(at: int, width: int) -> list[bool]:
    """Whether what was sent is all there is to say, before and after an edge lies so far behind now."""
    steps = [MINUTE_MS] * 3 + [12 * MINUTE_MS] + [MINUTE_MS] * 4
    return [sent == whole for sent, whole in walk(lane_with(at), TENANTS[0], at + width - 2 * MINUTE_MS, steps)]


@pytest.mark.parametrize("at", [BASE + 30 * DAY_MS + 3 * HOUR_MS, BASE + 30 * DAY_MS + 3 * HOUR_MS + 7 * MINUTE_MS])
@pytest.mark.parametrize("width", WIDTHS)
def test_an_event_enters_and_leaves_the_window_before(at: int, width: int) -> None:
    """To the minute in the shortest, to the quarter hour in those of a day."""
    assert all(passes(at, width))


def test_edges_of_the_window_before_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: where nobody looks at them, an old number stands."""
    at = BASE + 30 * DAY_MS + 3 * HOUR_MS
    monkeypatch.setattr(crossing, "edges", lambda *_: [one for one in crossing.EDGES if one.behind not in (30, 120)])
    assert not all(right for width in WIDTHS for right in passes(at, width))


def test_a_late_event_changes_what_numbers_are_compared_with() -> None:
    """In every window that holds it, in the one before it or in the one a year ago."""
    assert late_event_shows()


def late_event_shows() -> bool:
    now, right = BASE + 30 * DAY_MS, list[bool]()
    begun = [
        *world_of(now - HOUR_MS),
        told("crm.page.viewed", now - 900 * DAY_MS, "e0", {**VIEW, "anonymous_id": "a0"}),
    ]
    late = [
        told("crm.page.viewed", now - days * DAY_MS, f"l{days}", {**VIEW, "anonymous_id": f"b{days}"})
        for days in (1, 2, 9, 25, 45, 80, 130, 370, 400, 600)
    ]
    rows = [row for group in (*begun, *late) for row in group]
    first, *others = batches(rows, [0] * len(rows), [n >= len(begun) - 1 for n in range(len(rows))])  # type: ignore[arg-type]
    lane = Lane(awake=1).take([first])  # what sleeps remembers nothing
    board = put({}, lane.engine.documents(TENANTS[0], now, live=True, full=False))
    for batch in others:
        lane.take([batch])
        put(board, lane.engine.documents(TENANTS[0], now, live=True, full=False))
        every = put({}, lane.engine.documents(TENANTS[0], now, live=True))
        right.append(standing(board) == standing(every))
    assert len(right) == len(late)
    return all(right)


def test_values_that_are_remembered_for_ever_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail."""
    monkeypatch.setattr(comparison.Remembered, "changed", lambda *_: None)
    assert not late_event_shows()


def test_the_clock_catches_up_with_events_of_the_future() -> None:
    """While the newest are hours ahead, the windows before those of up to a day are not told, and later they are."""
    at = BASE + 30 * DAY_MS
    ahead = [told("crm.page.viewed", at + 5 * HOUR_MS, f"f{n}", {**VIEW, "anonymous_id": f"f{n}"}) for n in range(20)]
    lane = lane_with(at - HOUR_MS, *ahead)
    steps = [HOUR_MS, HOUR_MS, 46 * MINUTE_MS, *[5 * MINUTE_MS] * 8, HOUR_MS]
    assert all(sent == whole for sent, whole in walk(lane, TENANTS[0], at, steps))
