"""An event's two 64-bit hashes: its identity and its content."""

from xxhash import xxh3_64_intdigest


def identity_hash(tenant: str, source: str, event_id: str) -> int:
    """Hash of (tenant, source, id). Lengths come first, so that no two triples concatenate to the same text."""
    return xxh3_64_intdigest(f"{len(tenant)}:{len(source)}:{tenant}{source}{event_id}".encode())


def content_hash(type_: str, time_as_sent: str, canonical_data: bytes) -> int:
    """Hash of the event's meaning. Transport attributes (sentat, recordedtime, specversion …) are not included."""
    return xxh3_64_intdigest(f"{type_}\n{time_as_sent}\n".encode() + canonical_data)
