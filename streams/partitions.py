"""Checks partition counts on every metadata refresh: a tenant's lane is its key modulo the count, so a change would
silently split tenants.
"""

from typing import Any

from streams.options import WorkerOptions
from streams.stop import Refused, die


def complaint(options: WorkerOptions, counts: dict[str, int]) -> str | None:
    """What is wrong with these counts and what to do; None if they are right. Unknown topics are ignored.

    Inputs may have any count: the partition an event came through doesn't matter.
    """
    for topic in (options.journal, options.state):
        count = counts.get(topic, options.lanes)
        if count != options.lanes:
            return (
                f"{topic} has {count} partitions, but the state has {options.lanes}: tenants would move to lanes "
                f"without their state. Recreate the topic with {options.lanes} partitions from its "
                "backup, or start with a new app id and a new journal to count everything again"
            )
    return None


def watch(options: WorkerOptions, cluster: Any) -> None:
    """Refuse to continue when a metadata refresh shows another count. ``cluster``: aiokafka's ClusterMetadata."""

    def refreshed(metadata: Any) -> None:
        known = {topic: metadata.partitions_for_topic(topic) for topic in (options.journal, options.state)}
        wrong = complaint(options, {topic: len(found) for topic, found in known.items() if found})
        if wrong:
            die("checking partitions", Refused(wrong))

    cluster.add_listener(refreshed)
    refreshed(cluster)
