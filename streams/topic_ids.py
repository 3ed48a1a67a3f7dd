"""Identifies topics by Kafka's own ids (KIP-516), which a recreated topic does not keep.

Offsets mean nothing in another topic of the same name: the lane's position, and the highest origin offsets that `count`
has seen, would hide its events. So the ids are stored with every position and compared at start. aiokafka's metadata
request has no ids; the newer one is spelled out here.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from aiokafka.errors import for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields


class Uuid(AbstractType[bytes]):  # type: ignore[misc]
    """Sixteen bytes."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


TEXT = CompactString("utf-8")
BROKER = (("node_id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT), ("tags", TaggedFields))
PARTITION = (
    ("error_code", Int16), ("partition", Int32), ("leader", Int32), ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)), ("isr", CompactArray(Int32)), ("offline", CompactArray(Int32)),
    ("tags", TaggedFields),
)  # fmt: skip
TOPIC = (
    ("error_code", Int16), ("name", TEXT), ("topic_id", Uuid), ("is_internal", Boolean),
    ("partitions", CompactArray(*PARTITION)), ("operations", Int32), ("tags", TaggedFields),
)  # fmt: skip


class MetadataResponse12(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32), ("brokers", CompactArray(*BROKER)), ("cluster_id", TEXT),
        ("controller_id", Int32), ("topics", CompactArray(*TOPIC)), ("tags", TaggedFields),
    )  # fmt: skip


class MetadataRequest12(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = MetadataResponse12
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", Uuid), ("name", TEXT), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean), ("include_operations", Boolean), ("tags", TaggedFields),
    )  # fmt: skip


class TopicIds(Request[MetadataRequest12]):  # type: ignore[misc]
    """A metadata request for topics by name."""

    API_KEY = 3

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def build(self, request_struct_class: type[MetadataRequest12]) -> MetadataRequest12:
        return request_struct_class([(bytes(16), name, {}) for name in self.names], False, False, {})


async def topic_ids(client: Any, names: Sequence[str]) -> dict[str, str]:
    """Name -> id (hex) of existing topics. ``client``: aiokafka's. Raises KafkaError for a missing topic."""
    answer = await client.send(client.get_random_node(), TopicIds(names))
    found = {}
    for code, name, topic_id, *_ in answer.topics:
        if code:
            raise for_code(code)(name)
        found[name] = topic_id.hex()
    return found


def recreated(stored: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Topics recreated under the same name since the state was written."""
    return sorted(name for name, topic_id in stored.items() if now.get(name, topic_id) != topic_id)
