"""Checks that everything sent is counted and visible: inputs accepted, journal applied, Redis up to date."""

from collections.abc import Collection

from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.broker import ends, reader
from models import topics
from models.settings import RedisSettings, Settings
from sinks.base import SinkUnavailable
from sinks.client import connect
from sinks.redis_sink import RedisSink


async def flush(redis: RedisSettings) -> None:
    """Empty Redis, so that anything found later was published afterwards."""
    async with connect(redis) as client:
        await client.flushall()


class Watch:
    """Observes broker and Redis from outside; changes nothing. All methods may raise KafkaException."""

    def __init__(self, settings: Settings) -> None:
        self._kafka = settings.kafka
        self._inputs = topics.inputs(settings)
        self._journal, self._state = topics.journal(settings), topics.state(settings)
        self._lanes = settings.journal_partitions
        self._group: Consumer = reader(self._kafka, **{"group.id": settings.app_id})
        self._sink = RedisSink(settings.redis)
        self._ends: dict[str, int] = {}  # the last result of `tenant_ends`
        self._ends_of: tuple[dict[int, int], frozenset[str]] = {}, frozenset()  # the journal and tenants it was for

    async def close(self) -> None:
        """Close the connections."""
        self._group.close()
        await self._sink.close()

    def unaccepted(self) -> int:
        """Input records whose offset is not committed yet."""
        open_ = ends(self._group, self._inputs)
        places = [TopicPartition(topic, partition) for topic, partition in open_]
        committed = self._group.committed(places, timeout=10) if places else []
        return sum(open_[str(p.topic), p.partition] - max(p.offset, 0) for p in committed)

    def journal_ends(self) -> dict[int, int]:
        """Lane -> end of its journal, for non-empty lanes."""
        return {partition: end for (_, partition), end in ends(self._group, [self._journal]).items()}

    def changelog_records(self) -> int:
        """Records that a restart of all lanes has to read."""
        total = 0
        for (topic, partition), high in ends(self._group, [self._state]).items():
            low, _ = self._group.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            total += high - low
        return total

    def lane_of(self, tenant: str) -> int:
        """The journal partition of a tenant: Kafka's own murmur2 rule."""
        return int((murmur2(tenant.encode()) & 0x7FFFFFFF) % self._lanes)

    def tenant_ends(self, tenants: Collection[str]) -> dict[str, int]:
        """Tenant -> the offset after its last journal record. Reads each lane backwards as far as needed."""
        ends_of = self.journal_ends(), frozenset(tenants)
        if ends_of != self._ends_of:
            self._ends, self._ends_of = self._find_ends(*ends_of), ends_of
        return self._ends

    def _find_ends(self, lanes: dict[int, int], tenants: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for lane, end in lanes.items():
            wanted = {tenant for tenant in tenants if self.lane_of(tenant) == lane}
            upper, step = end, 64
            while upper > 0 and not found.keys() >= wanted:
                lower = max(0, upper - step)
                for name, offset in self._keys(lane, lower, upper):
                    found[name] = max(found.get(name, 0), offset + 1)
                upper, step = lower, step * 4
        return {name: end for name, end in found.items() if name in tenants}

    async def behind(self, wanted: dict[str, int]) -> list[str]:
        """Tenants whose published revision does not cover the wanted journal offset; all of them if Redis is away."""
        late = []
        for tenant, offset in wanted.items():
            try:
                held = await self._sink.revision(tenant)
            except SinkUnavailable:
                held = None
            if held is None or held[1] < offset:
                late.append(tenant)
        return late

    def _keys(self, lane: int, lower: int, upper: int) -> list[tuple[str, int]]:
        consumer = reader(self._kafka)
        consumer.assign([TopicPartition(self._journal, lane, lower)])
        seen: list[tuple[str, int]] = []
        try:
            while not seen or seen[-1][1] < upper - 1:
                for message in consumer.consume(1_000, 1.0):
                    if error := message.error():
                        raise KafkaException(error)
                    seen.append(((message.key() or b"").decode(), int(message.offset() or 0)))
        finally:
            consumer.close()
        return [(name, offset) for name, offset in seen if offset < upper]
