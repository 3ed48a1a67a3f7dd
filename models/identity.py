"""The two 64-bit names of an event: which event it is, and what it says."""

from xxhash import xxh3_64_intdigest


def identity_hash(tenant: str, source: str, event_id: str) -> int:
    """Hash of (tenant, source, id). Lengths go first, so that no two triples run into the same text."""
    return xxh3_64_intdigest(f"{len(tenant)}:{len(source)}:{tenant}{source}{event_id}".encode())


def content_hash(type_: str, time_as_sent: str, canonical_data: bytes) -> int:
    """Hash of what the event says. Transport attributes (sentat, recordedtime, specversion …) are no part of it."""
    return xxh3_64_intdigest(f"{type_}\n{time_as_sent}\n".encode() + canonical_data)
