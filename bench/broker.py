"""Topics and records of a run: produced once with librdkafka, read back raw for comparison and recount."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from access.files import key_password, secret
from access.kafka import settings_of
from models.record import RawRecord
from models.settings import KafkaSettings

INPUT_CONFIG = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(7 * 86_400_000)}


class Record(Protocol):
    """A record that can be produced."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


def rdkafka(kafka: KafkaSettings | str) -> dict[str, Any]:
    """Addresses, TLS and credentials under librdkafka's names; it reads the files itself. No OAUTHBEARER."""
    place = settings_of(kafka)
    found = {
        "bootstrap.servers": place.bootstrap_servers, "security.protocol": place.security_protocol,
        "sasl.mechanisms": place.sasl_mechanism, "sasl.username": place.username,
        "sasl.password": secret(place.password, place.password_file, "kafka.password_file") or None,
        "ssl.ca.location": place.ca_file, "ssl.certificate.location": place.certificate_file,
        "ssl.key.location": place.key_file, "ssl.key.password": key_password(place, "kafka") or None,
        "ssl.endpoint.identification.algorithm": "https" if place.check_hostname else "none",
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def create_inputs(kafka: KafkaSettings | str, topics: Sequence[str], partitions: int) -> None:
    """Create missing input topics. Raises KafkaException."""
    admin = AdminClient(rdkafka(kafka))
    wanted = [NewTopic(topic, partitions, 1, config=INPUT_CONFIG) for topic in topics]
    for future in admin.create_topics(wanted).values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


class Sender:
    """An idempotent producer that waits for the broker, however long it is away, and raises on failure."""

    def __init__(self, kafka: KafkaSettings | str, **settings: Any) -> None:
        self._failed: list[str] = []
        self.producer = Producer({**rdkafka(kafka), "enable.idempotence": True, "linger.ms": 20,
                                   "batch.size": 500_000, "delivery.timeout.ms": 600_000,
                                   "queue.buffering.max.messages": 1_000_000, "log_level": 2, **settings})  # fmt: skip
        self.acked = 0

    def send(self, record: Record, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Queue one record for its own partition."""
        while True:
            try:
                self.producer.produce(record.topic, record.value, record.key, record.partition,
                                       on_delivery=self._done, headers=list(headers))  # fmt: skip
                return
            except BufferError:
                self.producer.poll(0.1)

    def poll(self) -> None:
        """Process acknowledgements."""
        self.producer.poll(0)

    def flush(self, seconds: float = 600) -> None:
        """Wait until everything is acknowledged. Raises RuntimeError if something was not."""
        left = self.producer.flush(seconds)
        if left or self._failed:
            raise RuntimeError(f"{left} records not acknowledged, {len(self._failed)} failed: {self._failed[:3]}")

    def _done(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed.append(f"{message.topic()}: {error}")
        self.acked += 1


def produce(kafka: KafkaSettings | str, records: Iterable[Record]) -> int:
    """Send all and wait for the broker; returns the number sent."""
    sender = Sender(kafka)
    number = 0
    for number, record in enumerate(records, 1):
        sender.send(record)
        if number % 2_000 == 0:
            sender.poll()
    sender.flush()
    return number


def reader(kafka: KafkaSettings | str, **settings: Any) -> Consumer:
    """A separate consumer that commits nothing."""
    own = {**rdkafka(kafka), "group.id": "bench-reader", "enable.auto.commit": False,
           "auto.offset.reset": "earliest", "fetch.queue.backoff.ms": 5, "log_level": 2}  # fmt: skip
    return Consumer(own | settings)


def ends(consumer: Consumer, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """(topic, partition) -> high watermark, for those that hold anything."""
    found = {}
    known = consumer.list_topics(timeout=10).topics
    for topic in topics:
        for partition in known[topic].partitions if topic in known else ():
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            if high > low:
                found[topic, partition] = high
    return found


def messages(kafka: KafkaSettings | str, topics: Sequence[str]) -> Iterator[Message]:
    """Everything the topics hold now, each partition in order. Raises KafkaException."""
    consumer = reader(kafka)
    try:
        open_ = ends(consumer, topics)
        consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in open_])
        while open_:
            for message in consumer.consume(10_000, 1.0):
                if error := message.error():
                    raise KafkaException(error)
                place = (str(message.topic()), int(message.partition() or 0))
                if int(message.offset() or 0) + 1 >= open_.get(place, 0):
                    open_.pop(place, None)
                yield message
    finally:
        consumer.close()


def raw_record(m: Message) -> RawRecord:
    """A message in the form validation takes."""
    return RawRecord(str(m.topic()), int(m.partition() or 0), int(m.offset() or 0), int(m.timestamp()[1]), m.key(),
                     m.value(), _headers(m))  # fmt: skip


def _headers(message: Message) -> list[tuple[str, bytes]]:
    given = message.headers() or []
    pairs = given.items() if isinstance(given, dict) else given
    return [(name, value.encode() if isinstance(value, str) else value or b"") for name, value in pairs]
