"""A real counting engine, much smaller than the product's: rows per tenant and type, exact under redelivery.

It lets the runtime be proven by itself: whatever the runtime repeats, skips or re-orders shows in the counts.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from kpis.publish.composing import Composed
from kpis.publish.published import Slice
from models.record import Block
from models.tenants import TenantBook


class Clash(NamedTuple):
    """An id seen with other content."""

    topic: str
    partition: int
    offset: int
    tenant: str
    row: bytes


class Changes(NamedTuple):
    """What a batch changed."""

    entries: list[tuple[bytes, bytes | None]]
    conflicts: list[Clash]
    touched: set[str]
    redefined: frozenset[str] = frozenset()
    failures: tuple[tuple[str, str], ...] = ()
    tally: Mapping[str, int] = MappingProxyType({})


class CountingEngine:
    """Counts, origin highs and identities of one lane."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self.highs: dict[bytes, int] = {}
        self.seen: dict[int, int] = {}
        self._dirty: set[tuple[str, str]] = set()
        self._dirty_highs: set[bytes] = set()
        self._new: list[int] = []
        self._clashes: list[Clash] = []
        self._changed: set[str] = set()
        self._whole: set[str] = set()

    def load(self, key: bytes, value: bytes | None) -> None:
        kind, rest = key[:1], key[1:]
        if kind == b"c":
            tenant, name = rest.decode().split("\0")
            self.counts.setdefault(tenant, Counter())[name] = int(value or b"0")
        elif kind == b"f":
            self.highs[rest] = int(value or b"0")
        elif kind == b"i":
            self.seen[int(rest)] = int(value or b"0")

    def restored(self) -> Iterable[None]:
        self._changed = set(self.counts)
        return ()

    def configure(self, book: TenantBook) -> None:
        """Has no settings."""

    @property
    def unapplied(self) -> bool:
        return False

    def apply_more(self) -> None:
        """Is never asked."""

    @property
    def pending(self) -> bool:
        return False

    def step(self) -> bool:
        """Is never asked."""
        return False

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        if tenant == os.environ.get("COUNTING_HANGS_AT"):
            time.sleep(3600)  # as an endless computation would
        origin = orjson.dumps([tenant, block["topic"], block["partition"]])
        high = self.highs.get(origin, -1)
        counts = self.counts.setdefault(tenant, Counter())
        top = high
        for row in block["rows"]:
            if row[0] in skip:
                self._bump(tenant, counts, "quarantined")
                top = max(top, row[0])
            elif row[0] > high:
                self._count(block, tenant, counts, row)
                top = max(top, row[0])
        for refusal in block["refused"]:
            if refusal[0] > high:
                self._bump(tenant, counts, "rejected")
                top = max(top, refusal[0])
        if top > high:
            self.highs[origin] = top
            self._dirty_highs.add(origin)

    def _count(self, block: Block, tenant: str, counts: Counter[str], row: list[Any]) -> None:
        if row[5] == os.environ.get("COUNTING_RAISES_AT"):
            raise ArithmeticError("an event that cannot be counted")
        if row[5] == os.environ.get("COUNTING_DIES_AT"):
            os._exit(3)
        known = self.seen.get(row[3])
        if known is None:
            self.seen[row[3]] = row[4]
            self._new.append(row[3])
            self._bump(tenant, counts, row[5])
        elif known == row[4]:
            self._bump(tenant, counts, "duplicate")
        else:
            self._bump(tenant, counts, "conflict")
            self._clashes.append(Clash(block["topic"], block["partition"], row[0], tenant, orjson.dumps(row)))

    def _bump(self, tenant: str, counts: Counter[str], name: str) -> None:
        counts[name] += 1
        self._dirty.add((tenant, name))

    def finish(self) -> Changes:
        entries: list[tuple[bytes, bytes | None]] = [
            (f"c{tenant}\0{name}".encode(), b"%d" % self.counts[tenant][name]) for tenant, name in self._dirty
        ]
        entries += [(b"f" + origin, b"%d" % self.highs[origin]) for origin in self._dirty_highs]
        entries += [(b"i%d" % identity, b"%d" % self.seen[identity]) for identity in self._new]
        touched = {tenant for tenant, _ in self._dirty}
        changes = Changes(entries, self._clashes, touched)
        self._changed |= touched
        self._dirty, self._dirty_highs, self._new, self._clashes = set(), set(), [], []
        return changes

    def tenants(self) -> Iterable[str]:
        return self.counts

    def everything(self, tenants: Iterable[str] | None = None) -> None:
        self._whole |= set(self.counts if tenants is None else tenants)

    def ask(self, tenant: str, now: int, asked: Mapping[str, Any]) -> Generator[int, None, dict[str, Any]]:
        """How many events of the tenant there are."""
        yield 0
        return {"counts": dict(self.counts[tenant]), "now": now, "asked": asked["ask"]}

    def compose(
        self, now: int, *, live: bool, enough: Callable[[], bool], only_urgent: bool = False
    ) -> Composed:  # fmt: skip
        """All documents of tenants that changed, and of those that the store lost."""
        told = self._changed if only_urgent else self._changed | self._whole
        slices = [Slice(one, now, self._documents(one, now, live), (), 0, True, True, True) for one in sorted(told)]
        self._changed = set()
        self._whole -= told
        return Composed(slices, False, bool(self._whole), not self._whole, now, [], ())

    def _documents(self, tenant: str, as_of: int, live: bool) -> list[dict[str, Any]]:
        return [
            {
                "kpi": name,
                "window": "all",
                "segment": {},
                "value": count,
                "as_of": as_of,
                "state": "live" if live else "final",
            }
            for name, count in sorted(self.counts.get(tenant, Counter()).items())
        ]
