"""Raw records in, journal rows and rejections out. Pure: the same records always give the same result."""

from collections.abc import Container, Sequence
from typing import Any, Final, NamedTuple

from models import attributes as attribute
from models.blocks import decode_block, encode_blocks
from models.bounds import END_MS, FIRST_MS, within
from models.canonical import MAX_BYTES
from models.envelope import Sent, open_envelope
from models.identity import content_hash, identity_hash
from models.instant import instant
from models.record import DERIVED_ID, UNKNOWN_TYPE, RawRecord, Row
from models.refused import REASONS, Refused, Rejection
from models.shape import shape

__all__ = ["EVERYBODY", "MAX_BYTES", "REASONS", "Known", "Rejection", "decode_block", "encode_blocks", "validate"]


class Known(NamedTuple):
    """The configured tenants. ``closed``: no others may send."""

    tenants: Container[str] = ()
    closed: bool = False


EVERYBODY: Final = Known()
_TENANT_HEADERS: Final = ("ce_tenantid", "tenantid")


def validate(records: Sequence[RawRecord], known: Known | None = None) -> tuple[list[Row], list[Rejection]]:
    """Check a batch. Every record yields one Row or one Rejection; each list keeps the order of the records.

    ``known``: the configured tenants. An unreadable record counts for one of them or for the default tenant; if they
    are closed, all other tenants' events are refused. None: every tenant may send, none is configured.
    """
    known = known or EVERYBODY
    allowed = known.tenants if known.closed else None
    rows: list[Row] = []
    rejections: list[Rejection] = []
    for record in records:
        sent: Sent | None = None
        try:
            sent = open_envelope(record)
            rows.append(_row(record, sent, allowed))
        except Refused as refused:
            rejections.append(_rejection(record, sent, refused, known))
    return rows, rejections


def _row(record: RawRecord, sent: Sent, allowed: Container[str] | None) -> Row:
    """Apply the contract to an opened event. Raises Refused."""
    given, data, canonical, exact = sent
    tenant, type_, flags, named = attribute.names_of(given)
    if allowed is not None and tenant not in allowed:
        raise Refused("unknown_tenant", "tenantid")
    source = named or record.topic
    event_id = attribute.id_of(given)
    if event_id is None:
        event_id = attribute.derived_id(record)
        flags |= DERIVED_ID
    time, received, time_flags = attribute.times_of(given, record.timestamp)
    contract = shape(None if flags & UNKNOWN_TYPE else type_)
    checked, data_flags = contract.check(data, canonical, record.value or b"", exact, time)
    fields = (
        record.offset,
        received,
        tenant,
        identity_hash(tenant, source, event_id),
        content_hash(type_, given.get("time") or "", canonical),
        type_,
        time,
        flags | time_flags | data_flags,
        source,
        event_id,
        checked,
    )
    return tuple.__new__(Row, fields)  # three times as fast as the named tuple's own constructor


def _rejection(record: RawRecord, sent: Sent | None, refused: Refused, known: Known) -> Rejection:
    given = sent[0] if sent is not None else None
    return Rejection(
        record,
        _tenant(record, given, known),
        refused.reason,
        refused.field,
        refused.detail,
        _received(record, given or {}),
    )


def _tenant(record: RawRecord, given: dict[str, Any] | None, known: Known) -> str:
    """The tenant a rejection counts for: the event's own, else a configured one named by headers or key.

    Neither an unreadable record nor one of a tenant that may not send creates a tenant.
    """
    if given is not None:
        named = given.get("tenantid")
        fit = type(named) is str and attribute.is_tenant(named) and (not known.closed or named in known.tenants)
        return str(named) if fit else attribute.DEFAULT_TENANT
    named_by_header = [value for key, value in record.headers if key.lower() in _TENANT_HEADERS]
    for name in (*named_by_header, record.key):
        text = name.decode("utf-8", "replace") if name else ""
        if text in known.tenants:
            return text
    return attribute.DEFAULT_TENANT


def _received(record: RawRecord, given: dict[str, Any]) -> int:
    """As for accepted events: recordedtime, else the record's timestamp, else the event's time, in range; else -1."""
    recorded = _instant_or_none(given.get("recordedtime"))
    if recorded is not None:
        return recorded
    if FIRST_MS <= record.timestamp < END_MS:
        return record.timestamp
    time = _instant_or_none(given.get("time"))
    return -1 if time is None else time


def _instant_or_none(text: object) -> int | None:
    try:
        return within(instant(text, "time"), "time")
    except Refused:
        return None  # the rejection already says what is wrong with the record
