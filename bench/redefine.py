"""The cost of recounting a tenant alongside its events. ``python -m bench.redefine [EVENTS ...]``.

One company's history is counted, its time zone changes, and a thousand events a second continue during the recount.
Prints the longest call of each kind: while it runs, its lane does nothing else.
"""

import gc
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from bench.state import batches
from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.tenants import TenantBook
from models.validate import validate
from simulator import companies, tenant_settings

RATE: Final = 1_000  # events a second
LIVE: Final = 0.3  # share of the history kept back as live events
TURN: Final = 0.05  # seconds of steps
DAY: Final = 86_400_000

Blocks = list[tuple[str, Any, int]]


class Clock:
    """CPU seconds of calls, by kind."""

    def __init__(self) -> None:
        self.longest: dict[str, float] = defaultdict(float)
        self.total: dict[str, float] = defaultdict(float)

    def time(self, kind: str, call: Callable[[], Any]) -> Any:
        """Time a call."""
        began = time.process_time()
        found = call()
        self.note(kind, time.process_time() - began)
        return found

    def note(self, kind: str, took: float) -> None:
        """Note a call's duration."""
        self.longest[kind] = max(self.longest[kind], took)
        self.total[kind] += took


def blocks(records: list[RawRecord]) -> Blocks:
    """Records as journal blocks."""
    rows, rejections = validate(records)
    found = encode_blocks(records[0].topic, 0, rows, [one.refusal() for one in rejections])
    return [(name, decode_block(block), records[-1].timestamp) for name, block in found]


def measure(events: int) -> None:
    """Count, change, continue; print."""
    gc.disable()
    tenant = companies(1)[0].tenant
    settings = {name: dict(own) for name, own in tenant_settings(1).items()}
    engine = Engine(TenantBook.from_mapping({"tenants": settings}))
    clock, feed = Clock(), batches(events)
    counted = 0
    while counted < events * (1 - LIVE):
        records = next(feed)
        counted += len(records)
        for name, block, stamp in blocks(records):
            engine.apply(block, name, stamp)
        clock.time("finish of history", engine.finish)
    settings[tenant]["tz"] = "Asia/Tokyo"
    clock.time("configure", lambda: engine.configure(TenantBook.from_mapping({"tenants": settings})))
    began, fed, entries, longest_queue, switched = time.process_time(), 0, 0, 0, 0.0
    waiting = iter(record for batch in feed for record in batch)
    largest = 0
    while engine.pending:
        due = int((time.process_time() - began) * RATE) - fed
        if due > 0 and (records := list(_take(waiting, due))):
            fed += len(records)
            for name, block, stamp in blocks(records):
                clock.time("apply", partial(engine.apply, block, name, stamp))
        end = time.process_time() + TURN
        while clock.time("step", engine.step) and time.process_time() < end:
            pass
        longest_queue = max(longest_queue, engine.queued)
        before = engine.state(tenant).definition
        finished = time.process_time()
        outcome = engine.finish()
        kind = "finish" if engine.state(tenant).definition == before else "finish that switches"
        clock.note(kind, time.process_time() - finished)
        entries += len(outcome.entries)
        largest = max(largest, sum(len(key) + len(value or b"") for key, value in outcome.entries))
        if outcome.redefined:
            switched = time.process_time() - began
    print(f"{counted:,} events, {fed:,} more meanwhile, at most {longest_queue:,} queued; {entries:,} entries,")
    print(f"largest batch {largest / 1e6:.1f} MB; switched after {switched:.1f} s,", end=" ")
    print(f"over after {time.process_time() - began:.1f} s")
    state = engine.state(tenant)
    state.tenant.cells.expire(((state.expired_day or 0) + 8) * 1440)
    engine._folding.add(tenant)
    while engine.pending:
        clock.time("finish at a day change", engine.finish)
    for kind, took in clock.longest.items():
        print(f"{kind:24}{took * 1000:9.1f} ms longest{clock.total[kind]:9.1f} s in all")
    assert not state.recount()


def _take(records: Iterator[RawRecord], most: int) -> Iterator[RawRecord]:
    for _ in range(most):
        if (record := next(records, None)) is None:
            return
        yield record


if __name__ == "__main__":
    for size in sys.argv[1:] or ["100000"]:
        measure(int(size))
