"""The two ceilings: what a client reads when nobody looks at the events."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.broker import ends, messages, reader


def librdkafka(bootstrap: str, topics: Sequence[str]) -> float:
    """Events a second through confluent-kafka's batch call."""
    began = perf_counter()
    number = sum(1 for _ in messages(bootstrap, topics))
    return number / (perf_counter() - began)


def aiokafka(bootstrap: str, topics: Sequence[str]) -> float:
    """Events a second through aiokafka's getmany."""
    return asyncio.run(_aiokafka(bootstrap, topics))


async def _aiokafka(bootstrap: str, topics: Sequence[str]) -> float:
    wanted = reader(bootstrap)
    left = {TopicPartition(*place): end for place, end in ends(wanted, topics).items()}
    wanted.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        consumer.assign(list(left))
        await consumer.seek_to_beginning()
        number, began = 0, perf_counter()
        while left:
            for place, batch in (await consumer.getmany(timeout_ms=1000, max_records=20_000)).items():
                number += len(batch)
                if batch[-1].offset + 1 >= left.get(place, 0):
                    left.pop(place, None)
        return number / (perf_counter() - began)
    finally:
        await consumer.stop()
