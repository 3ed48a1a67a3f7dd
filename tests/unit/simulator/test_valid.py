"""The simulator against the contract: its events are accepted, its mistakes are not."""

from collections import Counter, defaultdict
from random import Random

from models.record import RawRecord
from models.validate import validate
from simulator import World, companies

UNTIL = 1_795_300_000_000


def test_every_event_is_valid_and_every_mistake_is_refused() -> None:
    """Rejections are exactly the bad records, duplicates and conflicts what the world says it sent (±copies held)."""
    world = World(Random(5), companies(8), UNTIL, days=30, scale=0.2)
    sent = list(world.history())
    records = [RawRecord(s.topic, s.partition, n, UNTIL, s.key, s.value, s.headers) for n, s in enumerate(sent)]

    rows, rejections = validate(records)

    contents: dict[int, set[int]] = defaultdict(set)
    copies: Counter[int] = Counter()
    for row in rows:
        contents[row.identity].add(row.content)
        copies[row.identity] += 1
    counts, held = world.counts, world.counts.sent - len(sent)
    assert 0 <= counts.bad - len(rejections) <= held
    assert 0 <= counts.conflicts - sum(len(kinds) - 1 for kinds in contents.values()) <= held
    assert 0 <= counts.duplicates + counts.conflicts - sum(number - 1 for number in copies.values()) <= held
    assert len({rejection.reason for rejection in rejections}) >= 12
