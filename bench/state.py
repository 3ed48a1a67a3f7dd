"""The cost of state: bytes of stored entries and of memory per customer. ``python -m bench.state [EVENTS ...]``.

One company's 90 days are counted at two sizes, each in a separate process; the difference is what customers add, the
rest is fixed overhead. Prints a table, and one JSON line last.
"""

import json
import random
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.tenants import TenantBook
from models.validate import validate
from simulator import companies, sized, tenant_settings

TABLES: Final = {"f": "facts", "i": "identities", "c": "cells"}
SIZES: Final = (10_000, 40_000)
BATCH: Final = 2_000
UNTIL: Final = 1_780_000_000_000
MILLION: Final = 1_000_000


def batches(events: int) -> Iterator[list[RawRecord]]:
    """The history of one company."""
    world = sized(random.Random(1), 1, events, UNTIL, days=90)
    records = (
        RawRecord(sent.topic, sent.partition, number, sent.time_ms, sent.key, sent.value, tuple(sent.headers))
        for number, sent in enumerate(world.history())
    )
    while batch := list(islice(records, BATCH)):
        yield batch


def measure(events: int) -> dict[str, float]:
    """Customers, bytes of entries by table, and the memory added by counting, bytes."""
    engine = Engine(TenantBook.from_mapping({"tenants": tenant_settings(1)}))
    entries: dict[bytes, int] = {}
    before, tenant = resident(), companies(1)[0].tenant
    for batch in batches(events):
        rows, rejections = validate(batch)
        for name, block in encode_blocks(batch[0].topic, 0, rows, [one.refusal() for one in rejections]):
            engine.apply(decode_block(block), name, batch[-1].timestamp)
        for key, value in engine.finish().entries:
            entries[key] = 0 if value is None else len(key) + len(value)
    found: Counter[str] = Counter()
    for key, size in entries.items():
        found[TABLES[chr(key[0])]] += size
    view = engine.documents(tenant, UNTIL, live=True, full=True)
    customers = next(d["value"] for d in view if (d["kpi"], d["window"], d["segment"]) == ("new_customers", "all", {}))
    return {"events": events, "customers": customers, **found, "memory": resident() - before}


def resident() -> int:
    """Peak resident memory of this process, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def show(small: dict[str, float], large: dict[str, float]) -> None:
    """Per customer, from the difference of two sizes, and for a million customers."""
    more = large["customers"] - small["customers"]
    each = {name: (large[name] - small[name]) / more for name in (*TABLES.values(), "memory")}
    print(f"{'':12}{'small':>14}{'large':>14}{'a customer':>14}{'a million':>14}")
    for name, size in each.items():
        print(f"{name:12}{small[name]:14,.0f}{large[name]:14,.0f}{size:14,.0f}{size * MILLION / 2**30:11,.1f} GB")
    events = (large["events"] - small["events"]) / more
    print(f"{small['customers']:,.0f} and {large['customers']:,.0f} customers; {events:,.0f} events each more customer")
    print(json.dumps({name: round(size) for name, size in each.items()}))


def main() -> None:
    """Run each size in its own process, so that memory is measured separately."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    command = [sys.executable, "-m", "bench.state", "--one"]
    runs = [subprocess.run([*command, str(size)], check=True, capture_output=True, text=True) for size in sizes]
    small, large = (json.loads(run.stdout.splitlines()[-1]) for run in runs)
    show(small, large)


if __name__ == "__main__":
    main()
