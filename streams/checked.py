"""Validation that never ends the worker: a bug of ours triggered by one record makes that record a dead letter.

The letter carries `engine_error` and the exception's class, never its text, which may quote the event.
"""

import gc
import logging
from collections.abc import Callable, Sequence
from typing import Any

from models.attributes import DEFAULT_TENANT
from models.blocks import encode_blocks
from models.record import RawRecord, Row
from models.refused import Rejection
from models.validate import Known, validate

log = logging.getLogger(__name__)

Blocks = list[tuple[str, bytes]]
_logged: set[tuple[str, str]] = set()  # (class, stage) already logged: each is logged once


def checked(records: Sequence[RawRecord], known: Known | None = None) -> tuple[list[Row], list[Rejection], Blocks]:
    """Rows, rejections and journal blocks of one fetched range of a partition."""
    # Parsed JSON has no cycles but may hold half a million lists, which the garbage collector would walk repeatedly.
    collects = gc.isenabled()
    gc.disable()
    try:
        return _checked(records, known)
    finally:
        if collects:
            gc.enable()


def _checked(records: Sequence[RawRecord], known: Known | None) -> tuple[list[Row], list[Rejection], Blocks]:
    topic, partition = (records[0].topic, records[0].partition) if records else ("", 0)
    try:
        rows, rejections = validate(records, known)
        return rows, rejections, encode_blocks(topic, partition, rows, [one.refusal() for one in rejections])
    except Exception:  # noqa: BLE001 - find the culprit record by record
        rows, rejections = [], []
        for record in records:
            found, refused = _alone(record, known)
            rows += found
            rejections += refused
        return rows, rejections, encode_blocks(topic, partition, rows, [one.refusal() for one in rejections])


def _alone(record: RawRecord, known: Known | None) -> tuple[list[Row], list[Rejection]]:
    try:
        rows, rejections = validate([record], known)
        encode_blocks(record.topic, record.partition, rows, [one.refusal() for one in rejections])
    except Exception as error:  # noqa: BLE001
        return [], [_surprise(record, error, "validating")]
    return rows, rejections


def _surprise(record: RawRecord, error: Exception, doing: str) -> Rejection:
    kind = type(error).__name__
    if (kind, doing) not in _logged:
        _logged.add((kind, doing))
        log.error(
            "%s %s/%d@%d: %s; dead-lettered as engine_error (logged once)",
            doing, record.topic, record.partition, record.offset, kind,
        )  # fmt: skip
    return Rejection(record, DEFAULT_TENANT, "engine_error", None, kind, -1)


def sure(make: Callable[[Rejection], Any], rejection: Rejection) -> Any:
    """``make(rejection)``; if that fails, again with the record's headers removed."""
    try:
        return make(rejection)
    except Exception as error:  # noqa: BLE001
        bare = _surprise(rejection.record._replace(headers=()), error, "writing a dead letter of")
        return make(bare._replace(tenant=rejection.tenant, received=rejection.received))
