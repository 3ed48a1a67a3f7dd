"""Why records are refused: reason codes, and the rejection the caller gets."""

from typing import Final, NamedTuple

from models.record import RawRecord, Refusal

REASONS: Final[dict[str, str]] = {
    "tombstone": "the record has no value",
    "empty": "the value is empty or blank",
    "size": "the value is larger than MAX_BYTES",
    "not_utf8": "the value or a header is not UTF-8 text",
    "not_json": "the value is not a single JSON document",
    "not_object": "the JSON document is not an object",
    "content_type": "the content-type header is not JSON",
    "duplicate_key": "a JSON object has a duplicate key",
    "depth": "objects and arrays are nested deeper than MAX_DEPTH",
    "too_many_keys": "the record has more than MAX_KEYS object keys",
    "nul": "a string contains a NUL character",
    "missing_field": "a required field is missing",
    "wrong_type": "a field does not have the JSON type the contract requires",
    "bad_value": "a field has the right JSON type but a value the contract does not allow",
    "too_long": "an id, name, dimension value, list of ids or set of traits exceeds its limit",
    "bad_id": "an id is empty or contains control characters",
    "bad_tenant": "tenantid is not [a-z0-9_-]{1,64}",
    "bad_source": "source contains control characters or a `..` path segment",
    "bad_type": "type is not a dotted lower-case name",
    "foreign_type": "type is outside the crm. namespace",
    "bad_time": "not RFC 3339 with an offset, or not an existing date",
    "time_out_of_range": "a time or date is outside [1970-01-02, 2100-01-01)",
    "time_in_future": "the time is more than five minutes ahead of the record's timestamp",
    "bad_amount": "an amount is not a plain decimal number",
    "negative_amount": "an amount is below zero",
    "amount_precision": "an amount has more than 9 decimals; amounts are never rounded silently",
    "amount_range": "an amount is 10^18 minor units or more (with parts: 10^9), or a rate is outside [10^-9, 10^9]",
    "period_too_long": "a cost is spread over more than 3,660 days",
    "unknown_currency": "currency is not an ISO 4217 code",
    "unknown_tenant": "the tenant is not in the settings file, and only those are accepted (tenants_open)",
    "engine_error": "this record hit a bug in crmkpi; the detail names the exception class",
    "id_conflict": "the same tenant, source and id was seen before with different content (detected by the engine)",
}


class Refused(Exception):
    """Raised inside validation only; ``validate`` turns it into a Rejection.

    ``detail`` never quotes what the producer sent: it may be personal.
    """

    def __init__(self, reason: str, field: str | None = None, detail: str = "") -> None:
        super().__init__(reason, field, detail)
        self.reason = reason
        self.field = field
        self.detail = detail or REASONS[reason]


class Rejection(NamedTuple):
    """A refused record, for the dead-letter topic and, as a Refusal, for the journal."""

    record: RawRecord
    tenant: str
    reason: str  # a key of REASONS
    field: str | None
    detail: str
    received: int  # r, ms UTC: recordedtime if readable, else record timestamp, else time, else -1

    def refusal(self) -> Refusal:
        """The short form for the journal."""
        return Refusal(self.record.offset, self.received, self.tenant, self.reason)
