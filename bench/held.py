"""The engine's costs while holding so many events: ``python -m bench.held SIZE BATCH ...``, a separate process.

The workload is counted in process, in batches of 2,000. Then 2,000 events a second follow in batches of each of the
sizes; after each batch, documents are computed for as long as counting took, about the share a worker gives them. CPU
time of `apply`, `finish` and `compose` only: no validation, codec or IO.
"""

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from time import process_time
from typing import Final

import orjson

from bench.child import run
from bench.workload import AS_OF, DISORDER_MS, THREE, Made, events
from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import Block, RawRecord
from models.tenants import TenantBook
from models.validate import validate

FILL: Final = 2_000  # events per batch while the state grows
RATE: Final = 2_000  # events a second after that
LIVE: Final = 10_000  # events per batch size
SPAN_MS: Final = 120_000  # only its first events are taken
MICRO: Final = 1e6
MB: Final = 2**20


@dataclass
class Live:
    """Events in batches of one size. CPU microseconds per event, and per document."""

    count_us: float
    compose_us: float
    document_us: float


@dataclass
class Held:
    """The cost of holding so many events. ``live``: by batch size."""

    events: int
    fill_us: float  # per event, while the state grew
    live: dict[str, Live]
    documents: int
    document_us: float  # per document, when all are computed
    rss_mb: float  # resident memory

    def event_us(self, batch: int) -> float:
        """The cost of an event: counting, and its share of computing documents."""
        return self.live[str(batch)].count_us + self.live[str(batch)].compose_us


def blocks(made: Iterable[Made], size: int, first: int = 0) -> Iterator[tuple[int, list[tuple[str, Block]]]]:
    """Batches as the engine gets them, each with the number of events up to its end."""
    source, end = iter(made), first
    while batch := list(islice(source, size)):
        records = [RawRecord("bench", 0, end + n, -1, one.key, one.value) for n, one in enumerate(batch)]
        end += len(batch)
        encoded = encode_blocks("bench", 0, validate(records)[0], ())
        yield end, [(tenant, decode_block(block)) for tenant, block in encoded]


def count(engine: Engine, batch: Iterable[tuple[str, Block]]) -> float:
    """Count a batch; returns CPU seconds."""
    began = process_time()
    for tenant, block in batch:
        engine.apply(block, tenant, AS_OF)
    engine.finish()
    return process_time() - began


def publish(engine: Engine, now: int, seconds: float) -> tuple[float, int]:
    """Compute documents for ``seconds``; returns the CPU seconds taken and the number of documents."""
    began = process_time()
    made = engine.compose(now, live=True, enough=lambda: process_time() - began >= seconds)
    return process_time() - began, sum(len(one.documents) for one in made.slices)


def go_on(engine: Engine, first: int, size: int, now: int) -> Live:
    """Count ``LIVE`` more events from ``now`` (ms), after the ``first`` ones."""
    counted, composed, documents = 0.0, 0.0, 0
    made = events(RATE * SPAN_MS // 1000, THREE, now + SPAN_MS, seed=first, span_ms=SPAN_MS, first=first)
    for end, batch in blocks(islice(made, LIVE), size, first):
        took = count(engine, batch)
        counted += took
        spent, number = publish(engine, now + DISORDER_MS + (end - first) * 1000 // RATE, took)
        composed += spent
        documents += number
    return Live(counted / LIVE * MICRO, composed / LIVE * MICRO, composed / documents * MICRO)


def resident() -> float:
    """Resident memory of this process now, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MB


def measure(number: int, sizes: Iterable[int]) -> Held:
    """Hold ``number`` events, then continue in batches of each size."""
    gc.disable()  # as in a worker, which collects when idle
    engine, filled = Engine(TenantBook.from_mapping({})), 0.0
    for _, batch in blocks(events(number, THREE, AS_OF), FILL):
        filled += count(engine, batch)
    gc.collect()
    rss = resident()
    seconds, documents = publish(engine, AS_OF, float("inf"))
    live = {str(size): go_on(engine, number + turn * LIVE, size, AS_OF + turn * SPAN_MS)
            for turn, size in enumerate(sizes)}  # fmt: skip
    return Held(number, filled / number * MICRO, live, documents, seconds / documents * MICRO, rss)


def held(number: int, sizes: Iterable[int]) -> Held:
    """The same in a separate process."""
    found = orjson.loads(run("bench.held", str(number), *map(str, sizes)).out)
    return Held(**{**found, "live": {size: Live(**live) for size, live in found["live"].items()}})


if __name__ == "__main__":
    print(orjson.dumps(asdict(measure(int(sys.argv[1]), map(int, sys.argv[2:])))).decode())
