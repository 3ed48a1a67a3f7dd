"""The two ceilings: how fast clients read without processing the events."""

from collections.abc import Sequence
from time import perf_counter

from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import TopicPartition as ConfluentPartition

from access.kafka import client_options
from bench.broker import ends, reader
from models.settings import KafkaSettings


def librdkafka(kafka: KafkaSettings, topics: Sequence[str]) -> float:
    """Events a second through confluent-kafka's batch call. The topics must be untrimmed."""
    consumer = reader(kafka)
    try:
        open_ = ends(consumer, topics)
        left = sum(open_.values())
        consumer.assign([ConfluentPartition(topic, partition, 0) for topic, partition in open_])
        number, began = 0, perf_counter()
        while number < left:
            number += len(consumer.consume(2_000, 0.05))
        return number / (perf_counter() - began)
    finally:
        consumer.close()


async def aiokafka(kafka: KafkaSettings, topics: Sequence[str]) -> float:
    """Events a second through aiokafka's getmany."""
    wanted = reader(kafka)
    left = {TopicPartition(*place): end for place, end in ends(wanted, topics).items()}
    wanted.close()
    consumer = AIOKafkaConsumer(**client_options(kafka), enable_auto_commit=False, fetch_max_wait_ms=50)
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
