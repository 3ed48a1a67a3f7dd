"""Single requests to a broker over one connection, and what its listener expects of clients: for finding out why
clients, which only report that they cannot connect, cannot.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import SaslHandShakeRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from access.files import key_password
from models.settings import KafkaSettings

ANSWER_MS = 5_000
LOOK_MS = 2_000
TEXT = String("utf-8")


class Listener(NamedTuple):
    """What a listener expects: TLS or not, and the SASL mechanisms it offers (none: no SASL)."""

    tls: bool
    mechanisms: tuple[str, ...]

    @property
    def protocol(self) -> str:
        """Its `security_protocol`."""
        return ("SASL_" if self.mechanisms else "") + ("SSL" if self.tls else "PLAINTEXT")

    def serves(self, kafka: KafkaSettings) -> bool:
        """Whether these settings match it, mechanism aside."""
        return self.protocol == kafka.security_protocol


class MetadataResponse8(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT))),
        ("cluster_id", TEXT), ("controller_id", Int32),
        ("topics", Array(
            ("error_code", Int16), ("name", TEXT), ("is_internal", Boolean),
            ("partitions", Array(
                ("error_code", Int16), ("partition", Int32), ("leader", Int32), ("leader_epoch", Int32),
                ("replicas", Array(Int32)), ("isr", Array(Int32)), ("offline", Array(Int32)),
            )),
            ("operations", Int32),
        )),
        ("operations", Int32),
    )  # fmt: skip


class MetadataRequest8(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = MetadataResponse8
    SCHEMA = Schema(
        ("topics", Array(TEXT)), ("allow_auto_topic_creation", Boolean),
        ("include_cluster_operations", Boolean), ("include_topic_operations", Boolean),
    )  # fmt: skip


class Metadata(Request[MetadataRequest8]):  # type: ignore[misc]
    """Brokers, and our rights on topics (by name) and on the cluster."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = list(topics)

    def build(self, request_struct_class: type[MetadataRequest8]) -> MetadataRequest8:
        return request_struct_class(self.topics, False, True, True)


@asynccontextmanager
async def connected(host: str, port: int, ms: int = ANSWER_MS, **options: Any) -> AsyncIterator[Any]:
    """One connection, authenticated according to `options`. Raises KafkaError, OSError, TimeoutError."""
    link = await create_conn(host, port, client_id="crmkpi-doctor", request_timeout_ms=ms, **options)
    try:
        yield link
    finally:
        link.close()


async def listener_at(host: str, port: int, kafka: KafkaSettings) -> Listener | None:
    """What the listener there expects; None if it doesn't speak Kafka. No credentials are sent."""
    for tls in (False, True):
        options: dict[str, Any] = {"security_protocol": "SSL" if tls else "PLAINTEXT"}
        if tls:
            options["ssl_context"] = _trusting(kafka)
        try:
            async with connected(host, port, LOOK_MS, **options) as link:
                answer = await link.send(SaslHandShakeRequest("none"))  # refused with the list of supported ones
        except (OSError, KafkaError, TimeoutError):
            continue
        return Listener(tls, tuple(answer.enabled_mechanisms))
    return None


def _trusting(kafka: KafkaSettings) -> ssl.SSLContext:
    """A context without verification, to detect TLS. It presents our certificate, if any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if kafka.certificate_file is not None:
        context.load_cert_chain(kafka.certificate_file, kafka.key_file, key_password(kafka, "kafka"))
    return context
