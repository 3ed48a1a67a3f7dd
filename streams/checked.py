"""Validation that ends no worker: a fault of our own, met by one record, makes that record a dead letter.

The letter says `engine_error` and the class of the exception, never its text: it may repeat what was sent.
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
_told: set[tuple[str, str]] = set()  # classes and stages that were logged: once each


def checked(records: Sequence[RawRecord], known: Known | None = None) -> tuple[list[Row], list[Rejection], Blocks]:
    """Rows, rejections and the journal's blocks of one fetched range of a partition."""
    # A parsed document has no rings, and may have half a million lists: the collector would walk them again and again.
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
    except Exception:  # noqa: BLE001  whose fault it is comes out one by one
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
    if (kind, doing) not in _told:
        _told.add((kind, doing))
        log.error(
            "%s %s/%d@%d: %s; dead-lettered as engine_error (logged once)",
            doing, record.topic, record.partition, record.offset, kind,
        )  # fmt: skip
    return Rejection(record, DEFAULT_TENANT, "engine_error", None, kind, -1)


def sure(make: Callable[[Rejection], Any], rejection: Rejection) -> Any:
    """What ``make`` makes of a rejection; of the record without its headers where that fails."""
    try:
        return make(rejection)
    except Exception as error:  # noqa: BLE001
        bare = _surprise(rejection.record._replace(headers=()), error, "writing a dead letter of")
        return make(bare._replace(tenant=rejection.tenant, received=rejection.received))
