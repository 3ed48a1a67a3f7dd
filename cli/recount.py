"""The two halves of `verify`, for one lane: cells = contribution of all facts; facts = recount of the journal. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from cli.term import plain
from kpis.catalog import CATALOG
from kpis.engine import Engine
from kpis.published import MOVING
from kpis.slices import finish
from kpis.stored import as_counted_once
from kpis.tenant_state import REDEFINED
from kpis.windows import MINUTE_MS
from models.instant import instant

Doc = Mapping[str, Any]
Entries = dict[bytes, bytes]  # what a compacted changelog holds
SHOWN: Final = 20  # differences spelled out; the rest is counted
AGEING: Final = {kpi.id for kpi in CATALOG if kpi.ageing}
TABLES: Final = {b"f": "fact", b"i": "identity", b"c": "cell"}


class JournalRecord(NamedTuple):
    """One record of the journal."""

    tenant: str
    block: Any  # models.record.Block
    timestamp: int


@dataclass
class Verdict:
    """What was compared, and what differs."""

    lanes: int = 0
    facts: int = 0
    cells: int = 0
    records: int = 0  # of the journal
    kpis: int = 0  # published documents
    different: int = 0
    identity_conflicts: int = 0  # links that would join two customers: they stand aside
    shown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what could not be compared, and why

    @property
    def verified(self) -> bool:
        """True when everything that was to be compared was, and nothing differs."""
        return not self.different and not self.notes

    def differs(self, text: str) -> None:
        """Counts one difference, and keeps the first ones."""
        self.different += 1
        if len(self.shown) < SHOWN:
            self.shown.append(plain(text))


def restored(new: Callable[[], Engine], entries: Mapping[bytes, bytes]) -> Engine:
    """An engine with a lane's stored entries."""
    engine = new()
    for key, value in entries.items():
        engine.load(key, value)
    finish(engine.restored())
    return engine


def check_cells(engine: Engine, tenants: Iterable[str], verdict: Verdict) -> None:
    """First half: the cells of these tenants against the contribution of their facts."""
    for tenant in tenants:
        for cell, kept, counted in engine.recount(tenant):
            verdict.differs(f"{tenant}: cell {cell} is {kept}, its facts make {counted}")


class Recount:
    """Second half: a new engine fed with the journal, and the entries that come of it."""

    def __init__(self, new: Callable[[], Engine]) -> None:
        self.engine = new()
        self.entries: Entries = {}

    def take(self, records: Iterable[JournalRecord]) -> int:
        """Counts some records, in journal order; how many they were."""
        count = 0
        for record in records:
            self.engine.apply(record.block, record.tenant, record.timestamp)
            count += 1
        for key, value in self.engine.finish().entries:
            if value is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = value
        return count


def check_entries(kept: Entries, counted: Entries, wanted: Callable[[str], bool], verdict: Verdict) -> None:
    """The lane's stored entries against the recounted ones."""
    kept, counted = as_counted_once(kept), as_counted_once(counted)
    for key in sorted(kept.keys() | counted.keys()):
        tenant, table, name = _parts(key)
        if not wanted(tenant):
            continue
        if table == "cell":
            verdict.cells += len(orjson.loads(counted.get(key) or kept[key]))
        else:
            verdict.facts += 1
        if not _same(kept.get(key), counted.get(key)):
            verdict.differs(
                f"{tenant}: {table} {name} is {_short(kept.get(key))}, recounted {_short(counted.get(key))}"
            )


def aged(
    published: Iterable[Doc], counted: Iterable[Doc], as_of: int, own: Callable[[int], Iterable[Doc]]
) -> list[Doc]:
    """The documents of a recount at ``as_of``; a number that goes on with the clock at its published document's moment.

    Such a document is written with its KPI's others, at least once a minute: ``own`` counts those of its moment anew.
    One of another minute than ``as_of`` is too old, and is compared as it is.
    """
    moments = {_name(doc): instant(doc["as_of"], "as_of") for doc in published if doc["kpi"] in AGEING}
    wanted = {_name(doc): doc for doc in counted}
    for moment in {found for found in moments.values() if found // MINUTE_MS == as_of // MINUTE_MS}:
        wanted |= {name: doc for doc in own(moment) if moments.get(name := _name(doc)) == moment and name in wanted}
    return list(wanted.values())


def check_documents(published: Iterable[Doc], counted: Iterable[Doc], verdict: Verdict) -> None:
    """Published documents against those of a recount at the same moment."""
    wanted = {_name(doc): doc for doc in counted}
    found = {_name(doc): doc for doc in published}
    for name in sorted(wanted.keys() | found.keys()):
        verdict.kpis += 1
        for difference in _differences(found.get(name), wanted.get(name)):
            verdict.differs(f"published {name}: {difference}")


def _differences(found: Doc | None, wanted: Doc | None) -> Iterator[str]:
    if found is None or wanted is None:
        yield "is missing" if found is None else "should not be there"
        return
    for key in sorted((found.keys() | wanted.keys()) - MOVING):
        if found.get(key) != wanted.get(key):
            yield f"{key} is {found.get(key)}, recounted {wanted.get(key)}"
            return


def _name(doc: Mapping[str, Any]) -> str:
    segment = ",".join(f"{dim}={value}" for dim, value in sorted((doc.get("segment") or {}).items()))
    return f"{doc['kpi']} {doc['window']} {segment}".rstrip()


def _same(one: bytes | None, other: bytes | None) -> bool:
    if one is None or other is None or one == other:
        return one == other
    try:
        return bool(_lasting(orjson.loads(one)) == _lasting(orjson.loads(other)))
    except orjson.JSONDecodeError:
        return False


def _lasting(stored: Any) -> Any:
    """An entry without what says how often settings changed: a recount has those of now from the beginning."""
    if not isinstance(stored, dict) or "definition" not in stored:
        return stored
    return {**stored, "definition": None, "counted": None, REDEFINED: None}


def _parts(key: bytes) -> tuple[str, str, str]:
    tenant, *name = key[1:].decode(errors="replace").split("\0")
    return tenant, TABLES.get(key[:1], "entry"), " ".join(name)


def _short(value: bytes | None) -> str:
    return "missing" if value is None else value[:120].decode(errors="replace")
