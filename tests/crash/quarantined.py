"""What became of events that the engine failed at: their dead letters, and their entries in the lanes' state."""

from collections import Counter
from collections.abc import Sequence

from aiokafka import TopicPartition

from bench.broker import messages
from models import topics
from models.settings import Settings
from streams import quarantine
from streams.bootstrap import options_from
from streams.read import read_state
from streams.restore import new_reader, read_partition
from tests.crash.odd import PAGES, POISON

Origin = tuple[str, int, int]
"""Topic, partition, offset."""
Headers = Sequence[tuple[str, bytes | None]]


def poisoned(settings: Settings) -> Counter[Origin]:
    """Origins of poison in the input."""
    read = messages(settings.kafka, [settings.topic_prefix + PAGES])
    return Counter(
        (str(one.topic()), int(one.partition() or 0), int(one.offset() or 0))
        for one in read if POISON.encode() in (one.value() or b"")
    )  # fmt: skip


async def engine_errors(settings: Settings) -> Counter[Origin]:
    """Origins of the dead letters of such events. Committed ones only: a letter comes with the batch that counts."""
    found: Counter[Origin] = Counter()
    reader = new_reader(options_from(settings))
    await reader.start()
    try:
        for topic in map(topics.dead_letters, topics.inputs(settings)):
            for partition in range(settings.input_partitions):
                async for records in read_partition(reader, TopicPartition(topic, partition)):
                    found.update(_origin(record.headers) for record in records if _is_error(record.headers))
    finally:
        await reader.stop()
    return found


async def quarantine_of(settings: Settings) -> Counter[Origin]:
    """Origins of the entries."""
    options, found = options_from(settings), Counter[Origin]()
    for lane in range(options.lanes):
        entries, _ = await read_state(options, lane)
        found.update(quarantine.origin_of(key)[1] for key in entries if key.startswith(quarantine.TABLE))
    return found


def _is_error(headers: Headers) -> bool:
    return ("crmkpi.reason", b"engine_error") in headers


def _origin(headers: Headers) -> Origin:
    said = {name: value or b"" for name, value in headers}
    return said["crmkpi.topic"].decode(), int(said["crmkpi.partition"]), int(said["crmkpi.offset"])
