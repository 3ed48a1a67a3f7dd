"""Partition assignment: lanes and inputs are balanced separately, and partitions stay where they are if possible.

Kafka's sticky assignor balances the total over all topics, so one worker could hold every lane, where the work is, and
another only inputs. aiokafka's version also moves more than it needs to. This one keeps its wire format.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

Claims = Mapping[str, tuple[int, set[TopicPartition]]]
"""Member -> (generation, partitions) as each member reports them."""


class LaneAssignor(StickyPartitionAssignor):  # type: ignore[misc]
    """Subclass it with the name of the journal: see `lane_assignor`."""

    journal: ClassVar[str]

    @classmethod
    def assign(cls, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """Member -> partitions. ``cluster``: partition counts; ``members``: subscriptions, previous assignments."""
        known = {member: cls.parse_member_metadata(metadata) for member, metadata in members.items()}
        claims = {member: (metadata.generation, set(metadata.partitions)) for member, metadata in known.items()}
        groups = defaultdict(list)
        for topic in sorted({topic for metadata in known.values() for topic in metadata.subscription}):
            subscribers = tuple(sorted(member for member, metadata in known.items() if topic in metadata.subscription))
            for partition in sorted(cluster.partitions_for_topic(topic) or ()):
                groups[topic == cls.journal, subscribers].append(TopicPartition(topic, partition))
        dealt: dict[str, list[TopicPartition]] = {member: [] for member in members}
        for (_, subscribers), partitions in groups.items():
            for member, own in deal(partitions, subscribers, claims).items():
                dealt[member] += own
        return {
            member: ConsumerProtocolMemberAssignment(cls.version, _by_topic(own), b"") for member, own in dealt.items()
        }


def lane_assignor(journal: str) -> type[LaneAssignor]:
    """The assignor of one worker. aiokafka stores the assignment on the class, so each worker needs a class."""
    return type("LaneAssignor", (LaneAssignor,), {"journal": journal})


def deal(
    partitions: Iterable[TopicPartition], members: Iterable[str], claims: Claims
) -> dict[str, list[TopicPartition]]:
    """Counts differ by at most one and as few partitions as possible move. The latest generation's claim wins."""
    held: dict[str, list[TopicPartition]] = {member: [] for member in members}
    free: list[TopicPartition] = []
    for tp in partitions:
        owners = [(claims[member][0], member) for member in held if tp in claims[member][1]]
        (held[max(owners)[1]] if owners else free).append(tp)
    share, over = divmod(len(free) + sum(map(len, held.values())), len(held))
    by_holding = sorted(held, key=lambda member: (-len(held[member]), member))
    for rank, member in enumerate(by_holding):  # the largest holders get the remainder
        quota = share + (rank < over)
        free += held[member][quota:]
        del held[member][quota:]
    for rank, member in enumerate(by_holding):
        missing = share + (rank < over) - len(held[member])
        held[member] += free[:missing]
        del free[:missing]
    return held


def _by_topic(tps: Iterable[TopicPartition]) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = defaultdict(list)
    for tp in sorted(tps):
        found[tp.topic].append(tp.partition)
    return list(found.items())
