"""Simulated companies through the engine alone, restarted on the way, against the recount."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

import pytest

from bench.check import items_by_tenant, quarter_after
from kpis.engine import Engine
from kpis.slices import finish
from models.record import RawRecord, Refusal
from models.settings import TenantBook
from models.validate import decode_block, encode_blocks, validate
from recount import compare, recount
from simulator import Sent, companies, sized, tenant_settings

UNTIL = 1_795_300_000_000
COMPANIES = 3


def as_read(sent: Iterable[Sent]) -> list[RawRecord]:
    """The records with offsets, as a consumer gets them."""
    offsets: dict[tuple[str, int], int] = defaultdict(int)
    records = []
    for s in sent:
        place = s.topic, s.partition
        records.append(RawRecord(*place, offsets[place], UNTIL, s.key, s.value, s.headers))
        offsets[place] += 1
    return records


def apply(engine: Engine, batch: Sequence[RawRecord], entries: dict[bytes, bytes | None]) -> None:
    """One batch of many input partitions; what changes goes into ``entries`` as into a compacted topic."""
    places: dict[tuple[str, int], list[RawRecord]] = defaultdict(list)
    for record in batch:
        places[record.topic, record.partition].append(record)
    for (topic, partition), records in places.items():
        rows, rejections = validate(records)
        refusals = [Refusal(r.record.offset, r.received, r.tenant, r.reason) for r in rejections]
        for tenant, value in encode_blocks(topic, partition, rows, refusals):
            engine.apply(decode_block(value), tenant, UNTIL)
    entries.update(engine.finish().entries)


@pytest.mark.parametrize("seed", [1, 7])
def test_restarting_the_engine_between_batches_changes_no_number(seed: int) -> None:
    """Each batch is counted by a new engine that knows only the stored entries of the one before."""
    records = as_read(sized(Random(seed), COMPANIES, 12_000, UNTIL).history())
    book = TenantBook.from_mapping({"tenants": tenant_settings(COMPANIES)})
    entries: dict[bytes, bytes | None] = {}
    engine, size = Engine(book), len(records) // 5 + 1
    for start in range(0, len(records), size):
        engine = Engine(book)
        for key, value in entries.items():
            engine.load(key, value)
        finish(engine.restored())
        assert [difference for tenant in engine.tenants() for difference in engine.recount(tenant)] == []
        apply(engine, records[start : start + size], entries)

    items, as_of = items_by_tenant(records), quarter_after(UNTIL)

    assert {profile.tenant for profile in companies(COMPANIES)} <= set(engine.tenants()) == set(items)
    for tenant, own in items.items():
        documents = engine.documents(tenant, as_of, live=False, full=True)
        assert compare(recount(own, book[tenant], as_of), documents) == []
