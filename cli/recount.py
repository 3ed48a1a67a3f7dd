"""What `verify` compares, for one lane: cells with their facts, facts with the journal, documents with both. Pure."""

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
SHOWN: Final = 20  # differences spelled out; the rest is counted
AGEING: Final = {kpi.id for kpi in CATALOG if kpi.ageing}
SETTINGS: Final = "settings"  # a fact that earlier builds do not store
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
    totals_only: int = 0  # tenants whose segments were on their way all the time: events flow
    quarantined: int = 0  # events that the engine could not take: in no number, and in no recount
    identity_conflicts: int = 0  # links by which two customers, users or leads would meet: they stand aside
    horizon: int | None = None  # ms: facts from before it are taken from the state; None: all were recounted
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

    def since(self, timestamp: int) -> None:
        """A lane's journal begins at ``timestamp`` (ms): what came before cannot be recounted."""
        self.horizon = max(timestamp, self.horizon or timestamp)


def restored(new: Callable[[], Engine], entries: Mapping[bytes, bytes]) -> Engine:
    """An engine with a lane's stored entries."""
    engine = new()
    for key, value in entries.items():
        engine.load(key, value)
    finish(engine.restored())
    return engine


def check_cells(engine: Engine, tenants: Iterable[str], verdict: Verdict) -> None:
    """The cells of these tenants against the contribution of their facts."""
    for tenant in tenants:
        for cell, kept, counted in engine.recount(tenant):
            verdict.differs(f"{tenant}: cell {cell} is {kept}, its facts give {counted}")


class Quarantine:
    """Origins of a lane's events that the engine could not take, as entries of the changelog say."""

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
        """Offsets of a block's events that are in quarantine."""
        if not self.origins:
            return frozenset()
        topic, partition = block["topic"], block["partition"]
        return frozenset(row[0] for row in block["rows"] if (tenant, topic, partition, row[0]) in self.origins)


class Recount:
    """An engine fed with the journal, and how far each tenant has come."""

    def __init__(self, engine: Engine, quarantine: Quarantine) -> None:
        self.engine = engine
        self.touched: dict[str, int] = {}  # tenant -> offset behind its last record
        self._quarantine = quarantine

    def take(self, records: Iterable[JournalRecord]) -> Sequence[Entry]:
        """Counts some records, in journal order; the entries that come of it."""
        for record in records:
            skip = self._quarantine.offsets(record.tenant, record.block)
            self.engine.apply(record.block, record.tenant, record.timestamp, skip=skip)
            self.touched[record.tenant] = record.offset + 1
        return self.engine.finish().entries

    def floors(self, tenant: str) -> Mapping[str, int]:
        """The oldest pane that each level of a tenant's cells keeps."""
        return self.engine.state(tenant).tenant.cells.floors


def outdated(entries: Iterable[Pair], book: TenantBook) -> set[str]:
    """Tenants whose cells were counted with other settings or formulas than those of ``book`` and this build."""
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
    """The lane's stored entries against the recounted ones.

    Panes below a level's floor are added to its carry by and by, so they are compared together with it. ``floors``:
    tenant -> level -> oldest pane that is kept.
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
    """The documents of a recount at ``as_of``; a number that goes on with the clock at its published document's moment.

    Such a document is written at least once an hour, once a minute where events come: ``own`` counts those of its
    moment anew. An older one is compared as it is.
    """
    moments = {_name(doc): instant(doc["as_of"], "as_of") for doc in published if _ages(doc)}
    wanted = {_name(doc): doc for doc in counted}
    for moment in {found for found in moments.values() if 0 <= as_of // MINUTE_MS - found // MINUTE_MS <= HOUR}:
        wanted |= {name: doc for doc in own(moment) if moments.get(name := _name(doc)) == moment and name in wanted}
    return list(wanted.values())


def _ages(document: Doc) -> bool:
    return document["kpi"] in AGEING or is_paced(document)


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


def parts(key: bytes) -> tuple[str, str, str]:
    """Tenant, table and name of an entry, as people read them."""
    tenant, *name = key[1:].decode(errors="replace").split("\0")
    return tenant, TABLES.get(key[:1], "entry"), " ".join(name)


def _short(value: bytes | None) -> str:
    return "missing" if value is None else value[:120].decode(errors="replace")
