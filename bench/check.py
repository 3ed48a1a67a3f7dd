"""Checks what Redis shows: every document against a recount of the raw input, read by a separate consumer."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from bench.broker import messages, raw_record
from bench.full import until
from bench.place import environment
from bench.worker import Worker
from bench.workload import rfc3339
from models import topics
from models.record import RawRecord, Refusal, Row
from models.settings import Settings, TenantBook
from models.validate import Known, validate
from recount import compare, recount
from sinks.base import SinkUnavailable
from sinks.read import RedisReader

QUARTER_MS: Final = 900_000
CHUNK: Final = 20_000
Item = Row | Refusal


class Comparison:
    """The documents compared, and the differences."""

    def __init__(self) -> None:
        self.documents = 0
        self.kpis: set[str] = set()
        self.differences: list[str] = []


def quarter_after(time: int) -> int:
    """The next quarter hour at or after ``time``, ms UTC: an ``--as-of`` that every worker accepts."""
    return -(-time // QUARTER_MS) * QUARTER_MS


def items_by_tenant(records: Iterable[RawRecord], known: Known | None = None) -> dict[str, list[Item]]:
    """Accepted and refused events by tenant, in order within each input partition. ``known``: as for `validate`."""
    found: dict[str, list[Item]] = {}
    source = iter(records)
    while chunk := list(islice(source, CHUNK)):
        rows, rejections = validate(chunk, known)
        for row in rows:
            found.setdefault(row.tenant, []).append(row)
        for no in rejections:
            found.setdefault(no.tenant, []).append(Refusal(no.record.offset, no.received, no.tenant, no.reason))
    return found


def input_items(settings: Settings, known: Known | None = None) -> dict[str, list[Item]]:
    """The same for everything in the input topics."""
    read = messages(settings.kafka, topics.inputs(settings))
    return items_by_tenant((raw_record(message) for message in read), known)


async def published_at(settings: Settings, tenants: Sequence[str], as_of: int) -> bool:
    """Whether Redis shows all these tenants as of that instant, including segments, which come last."""
    async with RedisReader(settings.redis) as reader:
        try:
            held = [await reader.status(tenant) for tenant in tenants]
        except SinkUnavailable:
            return False
    return all(status is not None and (status.as_of, status.waiting) == (as_of, 0) for status in held)


async def freeze(settings: Settings, tenants: Sequence[str], as_of: int, log: Path, env: Mapping[str, str]) -> None:
    """Publish every document as of one instant with a worker started for that; it must be the only one."""
    worker = Worker({**environment(settings), **env}, log, ["--as-of", rfc3339(as_of)])
    try:
        for _ in range(2):  # the same publication may be written again at a higher epoch
            await until(lambda: published_at(settings, tenants, as_of), worker, 600, 0.2)
            await asyncio.sleep(1)
    finally:
        worker.stop()


async def compare_all(settings: Settings, items: Mapping[str, list[Item]], as_of: int, book: TenantBook,
                      say: Callable[[str], None]) -> Comparison:  # fmt: skip
    """Compare every tenant's published documents with its recount."""
    found = Comparison()
    async with RedisReader(settings.redis) as reader:
        for tenant, own in sorted(items.items()):
            published = await reader.documents(tenant)
            lines = compare(recount(own, book[tenant], as_of), published)
            found.documents += len(published)
            found.kpis |= {str(document["kpi"]) for document in published}
            found.differences += [f"{tenant}: {line}" for line in lines]
            say(f"{tenant}: {len(own):,} events, {len(published):,} documents, {len(lines)} differences")
    return found


async def equal_to_recount(settings: Settings, tenants: Sequence[str], now_ms: int, logs: Path,
                           say: Callable[[str], None]) -> tuple[bool, int]:  # fmt: skip
    """(whether all documents are right, their number), as of the quarter hour after ``now_ms``."""
    as_of = quarter_after(now_ms)
    await freeze(settings, tenants, as_of, logs / "check.log", {})
    items = input_items(settings)
    found = await compare_all(settings, items, as_of, TenantBook(settings.tenant), say)
    for line in found.differences[:40]:
        say(line)
    return not found.differences, found.documents
