"""Ledger entries: a key (kind, tenant, names) with a JSON object; and their partition."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from aiokafka.partitioner import murmur2

Key = tuple[str, ...]
"""(kind, tenant, names …)"""
Value = Mapping[str, Any]
Entry = tuple[Key, Value | None]
"""None: the entry is deleted."""


@lru_cache(4096)
def partition_of(tenant: str, partitions: int) -> int:
    """A tenant's partition, by Kafka's default partitioner."""
    return int((murmur2(tenant.encode()) & 0x7FFFFFFF) % partitions)


def encode(entry: Entry) -> tuple[bytes, bytes | None]:
    """Key and value of a record."""
    key, value = entry
    return orjson.dumps(key), None if value is None else orjson.dumps({"v": 1, **value})


def decode(key: bytes | None, value: bytes | None) -> Entry | None:
    """The entry of a record; None if it is not ours."""
    try:
        names = orjson.loads(key or b"")
        fields = None if value is None else orjson.loads(value)
    except ValueError:
        return None
    if not (isinstance(names, list) and len(names) > 1 and all(isinstance(name, str) for name in names)):
        return None
    return (tuple(names), fields) if fields is None or isinstance(fields, dict) else None


class _Held(NamedTuple):
    offset: int
    value: Value | None


class Entries:
    """The latest value of every key, from our own writes or from reading the topic, whichever comes first."""

    def __init__(self) -> None:
        self._held: dict[str, dict[Key, _Held]] = {}
        self._heard: dict[tuple[str, str], int] = {}
        self._newest: dict[str, int] = {}

    def put(self, offset: int, entry: Entry) -> bool:
        """Add an entry. False if there is a newer one for its key."""
        key, value = entry
        held = self._held.setdefault(key[0], {})
        if key in held and held[key].offset >= offset:
            return False
        held[key] = _Held(offset, value)
        self._heard[key[0], key[1]] = offset
        self._newest[key[0]] = offset
        return True

    def get(self, *key: str) -> Value | None:
        """The value of a key, or None."""
        found = self._held.get(key[0], {}).get(key)
        return found.value if found else None

    def of(self, kind: str, tenant: str | None = None) -> Iterator[tuple[Key, Value]]:
        """All entries of a kind, in order of first writing."""
        for key, held in list(self._held.get(kind, {}).items()):
            if held.value is not None and tenant in (None, key[1]):
                yield key, held.value

    def tenants(self, kind: str) -> set[str]:
        """Tenants with entries of a kind."""
        return {key[1] for key, _ in self.of(kind)}

    def newest(self, *kinds: str) -> list[int]:
        """A value that changes with every entry of these kinds."""
        return [self._newest.get(kind, -1) for kind in kinds]

    def version(self, kind: str, tenant: str) -> int:
        """A number that grows with every entry of the kind; -1 if there are none."""
        return self._heard.get((kind, tenant), -1)
