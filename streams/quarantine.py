"""Events that the engine can't count: kept apart, so that they stop nothing else.

A changelog entry records each one, its journal offset and the exception's class, but no text of the event. The event
itself becomes a dead letter. `verify` leaves these events out of its recount, and says so.
"""

from typing import Final

import orjson

from streams.engine.rows import Origin
from streams.engine_port import Entry

TABLE: Final = b"q"


def entry(tenant: str, origin: Origin, kind: str, journal_offset: int) -> Entry:
    """The changelog entry of an event: the key holds tenant and origin."""
    topic, partition, offset = origin
    key = TABLE + b"\0".join((tenant.encode(), topic.encode(), b"%d" % partition, b"%d" % offset))
    return key, orjson.dumps({"error": kind, "at": journal_offset})


def origin_of(key: bytes) -> tuple[str, Origin]:
    """Tenant and origin from an entry's key."""
    tenant, topic, partition, offset = key[len(TABLE) :].split(b"\0")
    return tenant.decode(), (topic.decode(), int(partition), int(offset))
