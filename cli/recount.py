"""The comparisons of `verify` for one lane: cells with facts, facts with the journal, documents with both. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from cli.before import Before
from cli.entries import Entry, Pair
from cli.term import plain
from kpis.calendar.windows import MINUTE_MS
from kpis.catalog import CATALOG
from kpis.cells.table import CARRY
from kpis.engine import Engine
from kpis.publish.aims import is_paced
from kpis.publish.published import MOVING
from kpis.publish.schedule import HOUR
from kpis.slices import finish
from kpis.state.definition import counted_with
from kpis.state.stored import sums
from kpis.state.tenant_state import REDEFINED
from models.instant import instant
from models.record import Block
from models.tenants import TenantBook

Doc = Mapping[str, Any]
Floors = Callable[[str], Mapping[str, int]]
SHOWN: Final = 20  # differences listed; the rest is counted
AGEING: Final = {kpi.id for kpi in CATALOG if kpi.ageing}
SETTINGS: Final = "settings"  # a fact not stored by earlier builds
TABLES: Final = {b"f": "fact", b"i": "identity", b"c": "cell"}
QUARANTINE: Final = b"q"


class JournalRecord(NamedTuple):
    """One record of the journal."""

    offset: int
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
    totals_only: int = 0  # tenants whose segments never settled while events kept flowing
    quarantined: int = 0  # quarantined events: in no number, and in no recount
    identity_conflicts: int = 0  # links that would join two customers, users or leads: ignored
    horizon: int | None = None  # ms: earlier facts are taken from the state; None: everything was recounted
    shown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what could not be compared, and why

    @property
    def verified(self) -> bool:
        """True if everything could be compared and nothing differs."""
        return not self.different and not self.notes

    def differs(self, text: str) -> None:
        """Count a difference; the first ones are kept."""
        self.different += 1
        if len(self.shown) < SHOWN:
            self.shown.append(plain(text))

    def since(self, timestamp: int) -> None:
        """A lane's journal begins at ``timestamp`` (ms): earlier events cannot be recounted."""
        self.horizon = max(timestamp, self.horizon or timestamp)


def restored(new: Callable[[], Engine], entries: Mapping[bytes, bytes]) -> Engine:
    """An engine with a lane's stored entries."""
    engine = new()
    for key, value in entries.items():
        engine.load(key, value)
    finish(engine.restored())
    return engine


def check_cells(engine: Engine, tenants: Iterable[str], verdict: Verdict) -> None:
    """Compare these tenants' cells with the contributions of their facts."""
    for tenant in tenants:
        for cell, kept, counted in engine.recount(tenant):
            verdict.differs(f"{tenant}: cell {cell} is {kept}, its facts give {counted}")


class Quarantine:
    """Origins of a lane's quarantined events, from the changelog."""

    def __init__(self) -> None:
        self.origins: set[tuple[str, str, int, int]] = set()

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one entry, ``q<tenant>\\0<topic>\\0<partition>\\0<offset>``."""
        tenant, topic, partition, offset = key[1:].decode().split("\0")
        origin = (tenant, topic, int(partition), int(offset))
        if value is None:
            self.origins.discard(origin)
        else:
            self.origins.add(origin)

    def offsets(self, tenant: str, block: Block) -> frozenset[int]:
        """Offsets of a block's quarantined events."""
        if not self.origins:
            return frozenset()
        topic, partition = block["topic"], block["partition"]
        return frozenset(row[0] for row in block["rows"] if (tenant, topic, partition, row[0]) in self.origins)


class Recount:
    """An engine fed from the journal, and each tenant's position."""

    def __init__(self, engine: Engine, quarantine: Quarantine) -> None:
        self.engine = engine
        self.touched: dict[str, int] = {}  # tenant -> offset after its last record
        self._quarantine = quarantine

    def take(self, records: Iterable[JournalRecord]) -> Sequence[Entry]:
        """Count records, in journal order. Returns the resulting entries."""
        for record in records:
            skip = self._quarantine.offsets(record.tenant, record.block)
            self.engine.apply(record.block, record.tenant, record.timestamp, skip=skip)
            self.touched[record.tenant] = record.offset + 1
        return self.engine.finish().entries

    def floors(self, tenant: str) -> Mapping[str, int]:
        """The oldest pane kept at each level of a tenant's cells."""
        return self.engine.state(tenant).tenant.cells.floors


def outdated(entries: Iterable[Pair], book: TenantBook) -> set[str]:
    """Tenants whose cells were counted with settings or formulas other than those of ``book`` and this build."""
    found = set()
    for pair in entries:
        tenant, table, name = parts(pair.key)
        if table != "fact" or not name.startswith("meta") or pair.kept is None:
            continue
        meta = orjson.loads(pair.kept)
        if (meta.get(REDEFINED) or (0, meta.get("counted")))[1] != counted_with(book[tenant]):
            found.add(tenant)
    return found


def check_entries(pairs: Iterable[Pair], wanted: Callable[[str], bool], verdict: Verdict, floors: Floors) -> None:
    """Compare the lane's stored entries with the recounted ones.

    Panes below a level's floor are folded into its carry over time, so they are compared together. ``floors``: tenant
    -> level -> oldest pane kept.
    """
    carried: Counter[tuple[str, ...]] = Counter()
    before = Before()
    for pair in pairs:
        tenant, table, name = parts(pair.key)
        if table == "entry" or name.startswith(SETTINGS) or not wanted(tenant):
            continue
        if table != "cell":
            verdict.facts += 1
        else:
            verdict.cells += len(orjson.loads(pair.counted or pair.kept or b"{}"))
            *place, pane = pair.key[1:].decode().split("\0")
            level = pane[0]
            if int(pane[1:]) < floors(tenant).get(level, CARRY):
                for sign, side in ((1, pair.kept), (-1, pair.counted)):
                    for measure, total in sums(side or b"{}").items():
                        carried[(*place, level, measure)] += sign * total
                continue
        text = ""
        if not _same(pair.kept, pair.counted):
            text = f"{tenant}: {table} {name} is {_short(pair.kept)}, recounted {_short(pair.counted)}"
        if not before.take(pair, text) and text:
            verdict.differs(text)
    for (tenant, *where), total in carried.items():
        if total and not before.measure(tenant, where[-1], where[-2], total):
            verdict.differs(f"{tenant}: the carry of {' '.join(where)} is {total} more than recounted")
    for text in before.differences():
        verdict.differs(text)


def aged(
    published: Iterable[Doc], counted: Iterable[Doc], as_of: int, own: Callable[[int], Iterable[Doc]]
) -> list[Doc]:
    """The documents of a recount at ``as_of``; numbers that depend on the current time as of their published document.

    Such a document is written at least hourly, or every minute while events arrive: ``own`` recomputes it at its own
    instant. An older one is compared as it is.
    """
    moments = {_name(doc): instant(doc["as_of"], "as_of") for doc in published if _ages(doc)}
    wanted = {_name(doc): doc for doc in counted}
    for moment in {found for found in moments.values() if 0 <= as_of // MINUTE_MS - found // MINUTE_MS <= HOUR}:
        wanted |= {name: doc for doc in own(moment) if moments.get(name := _name(doc)) == moment and name in wanted}
    return list(wanted.values())


def _ages(document: Doc) -> bool:
    return document["kpi"] in AGEING or is_paced(document)


def check_documents(published: Iterable[Doc], counted: Iterable[Doc], verdict: Verdict) -> None:
    """Compare published documents with those of a recount at the same instant."""
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
    """An entry without its count of settings changes: a recount uses the current ones from the start."""
    if not isinstance(stored, dict) or "definition" not in stored:
        return stored
    return {**stored, "definition": None, "counted": None, REDEFINED: None}


def parts(key: bytes) -> tuple[str, str, str]:
    """Tenant, table and name of an entry, for messages."""
    tenant, *name = key[1:].decode(errors="replace").split("\0")
    return tenant, TABLES.get(key[:1], "entry"), " ".join(name)


def _short(value: bytes | None) -> str:
    return "missing" if value is None else value[:120].decode(errors="replace")
