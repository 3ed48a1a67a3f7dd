"""How much an import may send: pure, with offsets and the clock told."""

from aiokafka import TopicPartition

from cli.pace import LEAST, MOST, Pace

IN, LANE, OTHER = TopicPartition("in", 0), TopicPartition("journal", 0), TopicPartition("journal", 1)


def test_a_parcel_is_on_the_way_until_it_is_counted() -> None:
    """Accepted is not enough: what the journal held by then must be counted, too."""
    pace = Pace({LANE: 10, OTHER: 7}, 0.0)
    pace.sent(LEAST, {IN: 1_000}, 0.0)
    assert not pace.room
    pace.look({IN: 999}, {LANE: 10, OTHER: 7}, 1.0)
    assert not pace.room
    pace.look({IN: 1_000, LANE: 11}, {LANE: 12, OTHER: 7}, 2.0)
    assert not pace.room
    pace.look({IN: 1_000, LANE: 11}, {LANE: 30, OTHER: 7}, 2.5)
    assert not pace.room
    pace.look({IN: 1_000, LANE: 12}, {LANE: 30, OTHER: 7}, 3.0)
    assert pace.room
    assert pace.on_the_way == 0


def test_quick_workers_get_more_at_a_time_within_a_bound() -> None:
    """Two seconds' worth, as measured, and never more than the bound."""
    pace, now, end = Pace({}, 0.0), 0.0, 0
    for _ in range(100):
        now, end = now + 0.1, end + 5_000
        pace.sent(5_000, {IN: end}, now - 0.1)
        pace.look({IN: end}, {}, now)
    pace.sent(MOST - 1, {IN: end + 1}, now)
    assert pace.room
    pace.sent(1, {IN: end + 2}, now)
    assert not pace.room


def test_slow_workers_are_never_starved() -> None:
    """However slow, the least is on the way."""
    pace = Pace({}, 0.0)
    pace.sent(500, {IN: 500}, 0.0)
    pace.look({IN: 500}, {}, 600.0)
    pace.sent(500, {IN: 1_000}, 600.0)
    assert pace.room


def test_standing_still_is_noticed_only_while_something_waits() -> None:
    """An import that waits for its own file is not stalled."""
    pace = Pace({}, 0.0)
    assert pace.stalled(100.0) == 0.0
    pace.sent(500, {IN: 500}, 100.0)
    assert pace.stalled(131.0) == 31.0
    pace.look({IN: 500}, {}, 132.0)
    assert pace.stalled(200.0) == 0.0
