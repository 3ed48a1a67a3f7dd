"""How lanes and inputs are dealt to workers."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from streams.assignor import LaneAssignor, lane_assignor

TOPICS = {"journal": 12, **{f"in-{number}": 4 for number in range(10)}}


class Cluster:
    """Partition counts."""

    def topics(self) -> Iterable[str]:
        return TOPICS

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(TOPICS[topic]))


class Worker:
    """A member that remembers what it was given, as aiokafka's coordinator makes it do."""

    def __init__(self) -> None:
        self.assignor: type[LaneAssignor] = lane_assignor("journal")
        self.partitions: set[Any] = set()

    def lanes(self) -> set[Any]:
        return {tp for tp in self.partitions if tp.topic == "journal"}


def deal(generation: int, **workers: Worker) -> None:
    """One rebalance."""
    members = {name: worker.assignor.metadata(TOPICS) for name, worker in workers.items()}
    dealt = lane_assignor("journal").assign(Cluster(), members)
    for name, worker in workers.items():
        worker.assignor.on_assignment(dealt[name])
        worker.assignor.on_generation_assignment(generation)
        worker.partitions = set(dealt[name].partitions())


def test_a_second_worker_gets_half_the_lanes_and_the_first_keeps_the_others() -> None:
    """Both kinds are even, every partition has one owner, and no lane moves without need."""
    one, two, three = Worker(), Worker(), Worker()
    deal(1, one=one)
    assert len(one.partitions) == 52
    before = one.lanes()
    deal(2, one=one, two=two)
    assert (len(one.lanes()), len(two.lanes())) == (6, 6)
    assert one.lanes() < before
    assert (len(one.partitions), len(two.partitions)) == (26, 26)
    kept = one.lanes(), two.lanes()
    deal(3, one=one, two=two, three=three)
    assert [len(worker.lanes()) for worker in (one, two, three)] == [4, 4, 4]
    assert one.lanes() < kept[0]
    assert two.lanes() < kept[1]
    deal(4, one=one, three=three)
    owners = Counter(tp for worker in (one, three) for tp in worker.partitions)
    assert len(owners) == 52
    assert set(owners.values()) == {1}


def test_a_claim_of_an_older_generation_gives_way() -> None:
    """A worker that slept through a rebalance still claims its old lanes: the present owner keeps them."""
    zombie, owner = Worker(), Worker()
    deal(1, zombie=zombie)
    deal(2, owner=owner)
    deal(3, zombie=zombie, owner=owner)
    assert (len(zombie.lanes()), len(owner.lanes())) == (6, 6)
    assert not zombie.partitions & owner.partitions
