"""A world: records through validation, blocks, the engine and a restart, with everything checked on the way."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from time import process_time
from typing import Any, Final, TypeVar

from kpis.calendar.window_names import WINDOWS
from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import Block, RawRecord
from models.refused import REASONS
from models.settings import TenantBook
from models.validate import validate
from recount import compare, from_blocks, recount
from recount.documents import key
from tests.fuzz.events import records
from tests.fuzz.values import BASE_MS, DAY_MS

ENTRY_BYTES: Final = 256 << 10
BOOK: Final = TenantBook.from_mapping(
    {
        "tenants": {
            "north": {"tz": "Europe/Helsinki", "dimensions": ["tier"], "low_n": 2, "nps_scales": {"0-5": [2, 3]}},
            "south": {
                "tz": "Australia/Adelaide", "dimensions": ["tier", "plan"], "segment_cap": 2, "currency": "JPY",
                "revenue_from": "both", "qualified_stages": ["Proposal"], "lead_to_opportunity_basis": "cohort",
                "workdays": [1, 2, 3, 4, 5], "work_hours": ["09:00", "17:30"], "landing_pages": ["/pricing", "/"],
            },
            "account": {"customer_is": "account", "match_on": ["email_hash"], "tz": "America/New_York"},
        }
    }
)  # fmt: skip
Result = TypeVar("Result")


@dataclass
class Report:
    """What a run saw. ``slowest``: seconds of CPU of the longest call of each kind, and which that was."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    at: str = ""  # where in the run
    compared: int = 0  # documents, with the recount
    largest: dict[str, int] = field(default_factory=dict)  # kind of entry -> bytes
    problems: list[str] = field(default_factory=list)

    def timed(self, name: str, call: Callable[[], Result]) -> Result:
        """Call, and remember how long it took when it was long: CPU, since others may use the machine."""
        start = process_time()
        found = call()
        self.slowest[name] = max(self.slowest.get(name, (0.0, "")), (process_time() - start, self.at))
        return found

    def line(self) -> str:
        """The verdict."""
        slow = ", ".join(f"{name} {took * 1000:.0f} ms ({at})" for name, (took, at) in sorted(self.slowest.items()))
        large = ", ".join(f"{kind} {size / 1024:.0f} KB" for kind, size in Counter(self.largest).most_common(4))
        return (
            f"{self.accepted:,} accepted, {sum(self.refused.values()):,} refused for {len(self.refused)} reasons, "
            f"{len(self.problems)} problems, {self.compared:,} documents compared; longest calls: {slow}; "
            f"largest entries: {large}"
        )


class World:
    """One engine, its changelog, and what went in."""

    def __init__(self, report: Report, book: TenantBook = BOOK) -> None:
        self.report = report
        self.book = book
        self.engine = Engine(book)
        self.entries: dict[bytes, bytes] = {}
        self.blocks: dict[str, list[Block]] = {}

    def take(self, raw: list[RawRecord]) -> None:
        """One batch of one partition, all the way into the changelog."""
        report = self.report
        rows, rejections = report.timed("validate", lambda: validate(raw))
        report.accepted += len(rows)
        report.refused.update(one.reason for one in rejections)
        if len(rows) + len(rejections) != len(raw):
            report.problems.append("a record without a verdict")
        report.problems += [f"no such reason: {one.reason}" for one in rejections if one.reason not in REASONS]
        refused = [one.refusal() for one in rejections]
        blocks = report.timed("blocks", lambda: encode_blocks(raw[0].topic, raw[0].partition, rows, refused))
        for tenant, encoded in blocks:
            self.blocks.setdefault(tenant, []).append(decode_block(encoded))
            block, ts = decode_block(encoded), raw[0].offset + BASE_MS + 40 * DAY_MS
            report.timed("apply", partial(self.engine.apply, block, tenant, ts))
            while self.engine.unapplied:
                report.timed("apply", self.engine.apply_more)
        for name, value in report.timed("finish", self.engine.finish).entries:
            self._keep(name, value)

    def _keep(self, name: bytes, value: bytes | None) -> None:
        kind = name[:1].decode() + name.split(b"\0")[1].decode() if name[:1] not in b"cg" else "cells"
        size = len(name) + len(value or b"")
        self.report.largest[kind] = max(self.report.largest.get(kind, 0), size)
        if size > ENTRY_BYTES:
            self.report.problems.append(f"an entry of {size:,} bytes: {kind}")
        if value is None:
            self.entries.pop(name, None)
        else:
            self.entries[name] = value

    def restart(self, rng: Random) -> None:
        """Go on from the changelog, read in some order."""
        kept = list(self.entries.items())
        Random(rng.random()).shuffle(kept)  # how many entries there are changes nothing of what follows
        self.engine = Engine(self.book)
        for name, value in kept:
            self.engine.load(name, value)
        slices = self.engine.restored()
        while self.report.timed("a slice of restoring", lambda: next(slices, slices)) is None:
            pass

    def documents(self, tenant: str, as_of: int) -> list[dict[str, Any]]:
        """All of a tenant."""
        return self.report.timed("all documents", lambda: self.engine.documents(tenant, as_of, live=False, full=True))


def world(rng: Random, events: int, report: Report, *, recounted: bool) -> None:
    """So many records in batches, a restart somewhere; whatever is raised goes to the caller.

    ``recounted``: documents are compared with the independent recount.
    """
    found = World(report)
    left = {topic: records(rng, topic, events // 2) for topic in ("crm.one.v1", "crm.two.v1")}
    restart = rng.randrange(4)
    while left:
        topic = rng.choice(list(left))
        batch = list(_some(left[topic], rng.choice((1, 7, 50, 300))))
        if not batch:
            del left[topic]
            continue
        found.take(batch)
        if restart and rng.random() < 0.02:
            found.restart(rng)
            restart -= 1
    as_of = BASE_MS + rng.choice((0, 35, 60)) * DAY_MS
    midnights = {tenant: _midnight(found, tenant, as_of) for tenant in found.engine.tenants()}
    shown = set(midnights) if recounted else {rng.choice(sorted(midnights))}
    before = {
        tenant: _check(found, tenant, at, shown=tenant in shown, recounted=recounted)
        for tenant, at in midnights.items()
    }
    found.restart(rng)
    for tenant, at in midnights.items():
        if _check(found, tenant, at, shown=tenant in shown, recounted=False) != before[tenant]:
            report.problems.append(f"{tenant}: other documents after a restart")


def _check(found: World, tenant: str, as_of: int, *, shown: bool, recounted: bool) -> list[dict[str, Any]]:
    """A tenant's documents, where they are ``shown``; what is wrong with them or its cells goes into the report."""
    report = found.report
    for cell, kept, counted in found.engine.recount(tenant)[:5]:
        report.problems.append(f"{tenant}: {cell} is {kept}, the facts say {counted}")
    made = found.documents(tenant, as_of) if shown else []
    if recounted:
        expected = recount(from_blocks(found.blocks[tenant]), found.book[tenant], as_of, windows=WINDOWS)
        windows = {document["window"] for document in made}  # a long-gone edge is in no pane any more: no document
        report.compared += len(made)
        lines = compare({name: one for name, one in expected.items() if name[1] in windows}, made)
        report.problems += [f"{tenant}: {line}" for line in lines[:10]]
    return sorted(made, key=lambda document: str(key(document)))


def _midnight(found: World, tenant: str, at: int) -> int:
    zone = found.engine.state(tenant).tenant.zone
    return zone.midnight(zone.day(at // 60_000)) * 60_000


def _some(source: Iterator[RawRecord], count: int) -> Iterator[RawRecord]:
    for _, record in zip(range(count), source, strict=False):
        yield record
