"""Batches in slices: each generator yields wherever it may be interrupted, and returns what the batch changed."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from time import process_time
from typing import Any, Final

import orjson

from models.blocks import decode_block
from streams.engine.rows import Origin, Record, singly
from streams.engine_port import Engine

LONGEST: Final = 4  # slices spent taking events before a batch ends
Skipped = Mapping[Origin, str]
"""Quarantined events -> why."""
Changes = dict[str, Any]
"""The fields of `streams.engine.client.Counted`, as plain data."""


class Batch:
    """What one batch has changed so far."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.taken = 0  # journal records
        self._entries: list[tuple[bytes, bytes | None]] = []
        self._letters: list[tuple[Any, ...]] = []
        self._touched: set[str] = set()
        self._redefined: set[str] = set()
        self._failures: list[tuple[str, str]] = []
        self._tally: Counter[str] = Counter()

    def apply(self, record: int, tenant: str, journal_ts: int, block: Any, skipped: Skipped) -> Generator[None]:
        """Apply a block without its quarantined events, which become letters."""
        topic, partition = block["topic"], block["partition"]
        out = {offset: kind for (name, part, offset), kind in skipped.items() if (name, part) == (topic, partition)}
        self.engine.apply(block, tenant, journal_ts, skip=frozenset(out))
        while self.engine.unapplied:
            yield
            self.engine.apply_more()
        for fields in block["rows"] if out else ():
            if (offset := fields[0]) in out:
                row = orjson.dumps(fields)
                self._letters.append((topic, partition, offset, tenant, row, "engine_error", out[offset], record))

    def finish(self) -> None:
        """End the engine's batch and collect its changes."""
        outcome = self.engine.finish()
        self._entries += outcome.entries
        self._touched |= set(outcome.touched)
        self._redefined |= set(outcome.redefined)
        self._failures += [(tenant, cause) for tenant, cause in outcome.failures]
        self._tally.update(outcome.tally)
        for one in outcome.conflicts:
            self._letters.append((one.topic, one.partition, one.offset, one.tenant, one.row, "id_conflict", "", -1))

    def changes(self) -> Changes:
        """All changes, as plain data."""
        return {
            "taken": self.taken, "entries": self._entries, "letters": self._letters, "touched": self._touched,
            "redefined": self._redefined, "failures": self._failures, "tally": dict(self._tally),
            "pending": self.engine.pending,
        }  # fmt: skip


class Pace:
    """CPU seconds a lane's batch takes events for, chosen so that its uninterruptible end fits into a slice."""

    def __init__(self, slice_s: float) -> None:
        self._slice = self.seconds = slice_s

    def ended(self, took: float) -> None:
        """The end of a batch took ``took`` seconds."""
        factor = min(max(self._slice / max(took, 1e-3), 0.25), 1.5)
        self.seconds = min(max(self.seconds * factor, self._slice / 20), self._slice * LONGEST)


def counting(
    engine: Engine, records: Sequence[Record], skipped: Skipped, *, single: bool, pace: Pace
) -> Generator[None, None, Changes]:
    """Count as many journal records as ``pace`` allows, at least one. ``single``: one event at a time, as probed."""
    batch = Batch(engine)
    end = process_time() + pace.seconds
    for number, (tenant, journal_ts, value) in enumerate(records):
        if number and process_time() > end:
            break
        batch.taken += 1
        yield
        if not single:
            yield from batch.apply(number, tenant, journal_ts, decode_block(value), skipped)
            continue
        for one in singly([records[number]]):
            yield from batch.apply(number, one.tenant, one.journal_ts, one.block, skipped)
            batch.finish()
            yield
    yield
    began = process_time()
    batch.finish()
    if not single and batch.taken > 1:
        pace.ended(process_time() - began)
    return batch.changes()


def working(engine: Engine, enough: Callable[[], bool]) -> Generator[None, None, Changes]:
    """Background work (redefinition, expired entries) until ``enough()``, as a batch without events."""
    batch = Batch(engine)
    more = engine.pending
    while more and not enough():
        more = engine.step()
        yield
    batch.finish()
    return batch.changes()


def restoring(engine: Engine) -> Generator[None, None, list[str]]:
    """Rebuild derived state after the last entry; returns the lane's tenants."""
    for _ in engine.restored():
        yield
    return list(engine.tenants())
