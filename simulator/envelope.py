"""Serialises an event in each of the forms that producers use."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import orjson

from simulator.company import Company
from simulator.rhythm import DAY
from simulator.sent import TOPICS, Sent, Step

_IDS = ("deal_id", "order_id", "subscription_id", "message_id", "customer_id", "lead_id", "user_id", "anonymous_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time: int) -> str:
    """``2026-11-01T10:00:00.250Z`` for an instant in ms UTC."""
    return (_EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds")[:-6] + "Z"


def local_date(time: int, offset: int) -> str:
    """The calendar day of an instant, ``offset`` ms east of UTC."""
    return (_EPOCH + timedelta(milliseconds=time + offset)).date().isoformat()


def fields(step: Step, time: int, offset: int) -> dict[str, Any]:
    """The event's data, with instants and dates filled in relative to ``time``."""
    if not step.stamps and not step.dates:
        return step.data
    data = dict(step.data)
    for name, after in (step.stamps or {}).items():
        data[name] = rfc3339(time + after)
    for name, days in (step.dates or {}).items():
        data[name] = local_date(time + days * DAY, offset)
    return data


def topic_of(type_: str) -> str:
    """The input topic of a type without prefix."""
    return TOPICS[type_.partition(".")[0]]


def event(c: Company, step: Step, time: int) -> dict[str, Any]:
    """The structured event; transport attributes are added later."""
    kind = step.type.partition(".")[0]
    return {"specversion": "1.0", "id": c.new("e"), "source": f"/{kind}/{c.profile.tenant}", "type": f"crm.{step.type}",
            "time": rfc3339(time), "tenantid": c.profile.tenant, "data": fields(step, time, c.offset)}  # fmt: skip


def place(data: dict[str, Any], partitions: int) -> tuple[bytes, int]:
    """Kafka key and input partition: events of one object stay together, as with real producers."""
    for name in _IDS:
        if name in data:
            key = str(data[name]).encode()
            return key, crc32(key) % partitions
    return b"", 0


def pack(body: dict[str, Any], topic: str, key: bytes, partition: int, send: int, binary: bool) -> Sent:
    """The record: structured JSON, or in binary mode just the data with ``ce_`` headers."""
    if not binary:
        return Sent(topic, partition, key, orjson.dumps(body), [], send)
    headers = [(f"ce_{name}", str(value).encode()) for name, value in body.items() if name != "data"]
    headers.append(("content-type", b"application/json"))
    return Sent(topic, partition, key, orjson.dumps(body["data"]), headers, send)
