"""The simulated companies: repeatable, plausible, and fair to a recount."""

from collections import defaultdict
from itertools import islice
from random import Random
from typing import Any

import orjson
import pytest

from simulator import INPUT_TOPICS, Sent, World, companies, sized

UNTIL = 1_795_300_000_000


def small(seed: int = 1) -> World:
    """About 9,000 records of three companies in 30 days."""
    return World(Random(seed), companies(3), UNTIL, days=30, scale=0.15)


@pytest.fixture(scope="module")
def history() -> list[Sent]:
    """One small world's past."""
    return list(small().history())


def body(sent: Sent) -> dict[str, Any] | None:
    """The event inside a record as a reader sees it, or None when it is none."""
    try:
        value = orjson.loads(sent.value or b"")
    except orjson.JSONDecodeError:
        return None
    if sent.headers:
        return {name[3:]: text.decode() for name, text in sent.headers if name.startswith("ce_")} | {"data": value}
    return value if isinstance(value, dict) else None


def test_the_same_seed_gives_the_same_records(history: list[Sent]) -> None:
    """Seeds are what makes a failing crash run repeatable."""
    assert history == list(small().history())
    assert history != list(small(2).history())


def test_records_come_in_the_order_of_sending(history: list[Sent]) -> None:
    """Nothing is sent before something older, and nothing after the end."""
    times = [sent.time_ms for sent in history]

    assert times == sorted(times)
    assert times[-1] <= UNTIL


def test_every_record_has_a_known_topic_and_a_partition(history: list[Sent]) -> None:
    """Partitions are part of the record: all four are used."""
    assert {sent.topic for sent in history} <= set(INPUT_TOPICS)
    assert {sent.partition for sent in history} == {0, 1, 2, 3}


def test_a_size_can_be_asked_for() -> None:
    """A crash run names a number of records and gets it within a fifth."""
    number = sum(1 for _ in sized(Random(4), 4, 20_000, UNTIL, days=30).history())

    assert 16_000 < number < 24_000


def test_copies_in_two_partitions_share_time_and_receive_time(history: list[Sent]) -> None:
    """Either may reach the journal first, so both must say the same; conflicts stay in one partition."""
    copies: dict[tuple[str, str, str], list[tuple[Sent, dict[str, Any]]]] = defaultdict(list)
    for sent in history:
        event = body(sent)
        if event and {"id", "source", "tenantid", "recordedtime"} <= event.keys() and sent.key != b"":
            copies[event["tenantid"], event["source"], event["id"]].append((sent, event))
    spread = [group for group in copies.values() if len({sent.partition for sent, _ in group}) > 1]

    assert spread
    for group in spread:
        assert len({orjson.dumps(event, option=orjson.OPT_SORT_KEYS) for _, event in group}) == 1


def test_live_goes_on_with_the_same_people_at_the_given_rate() -> None:
    """The pace is the caller's; ids of the past appear again."""
    world = small()
    past = {sent.key for sent in world.history()}

    live = list(islice(world.live(50, UNTIL), 2000))

    assert live[-1].time_ms - live[0].time_ms == pytest.approx(2000 / 50 * 1000, rel=0.1)
    assert {sent.key for sent in live} & past - {b""}


def test_the_counts_add_up_to_what_was_sent() -> None:
    """`counts` is the simulator's only word about the truth; copies still held back are in it too."""
    world = small()
    number = sum(1 for _ in world.history())

    assert 0 <= world.counts.sent - number < 0.02 * number
    assert min(world.counts.duplicates, world.counts.conflicts, world.counts.bad, world.counts.late) > 0
