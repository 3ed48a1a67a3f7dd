"""The client that writes to Kafka directly, for producers close to the brokers. It needs aiokafka.

An event's key is its subject, and its partition follows Java's default partitioner, as with other producers of the
topic.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer

from touchpoints.events import encoded
from touchpoints.topics import topic_of

SUBJECTS: Final = ("customer_id", "lead_id", "user_id", "anonymous_id", "deal_id", "order_id", "subscription_id")
"""The fields that name an event's subject, in this order."""


class KafkaTouchpoints:
    """Sends events of one tenant: ``async with KafkaTouchpoints("localhost:9092", tenant="acme") as touchpoints``.

    ``producer``: further options of AIOKafkaProducer, such as ``security_protocol``.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        tenant: str,
        source: str = "/touchpoints",
        topic_prefix: str = "",
        **producer: Any,
    ) -> None:
        self._tenant, self._source, self._prefix = tenant, source, topic_prefix
        self._options = {"bootstrap_servers": bootstrap_servers, "enable_idempotence": True, "linger_ms": 5, **producer}
        self._producer: AIOKafkaProducer | None = None

    async def track(
        self, type: str, data: Mapping[str, Any], *, id: str | None = None, time: datetime | str | None = None
    ) -> str:
        """Send an event; returns its id once every in-sync replica has it. Gather many calls: they are batched.

        Raises Unsendable: not an event; KafkaError: it may or may not have been written, and can be resent if you set
        ``id`` and ``time``; RuntimeError: the client is not open.
        """
        if self._producer is None:
            raise RuntimeError("this client is not open")
        name, body = encoded(type, data, self._source, id, time)
        value = body[:-1] + b',"tenantid":%b}' % json.dumps(self._tenant).encode()
        await self._producer.send_and_wait(self._prefix + topic_of(type), value, key=key_of(data, self._tenant))
        return name

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(**self._options)
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None


def key_of(data: Mapping[str, Any], tenant: str) -> bytes:
    """An event's subject, which keeps its events in order; the tenant if it names none."""
    subject = next((f"{field}:{data[field]}" for field in SUBJECTS if data.get(field) not in (None, "")), "")
    return f"{tenant}/{subject}".encode()
