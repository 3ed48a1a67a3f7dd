"""Journal records as the engine process takes them: whole, or one event at a time."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from models.blocks import decode_block
from models.record import Block

Record = tuple[str, int, bytes]
"""One journal record: tenant, timestamp (ms), block."""
Origin = tuple[str, int, int]
"""Where an event entered: topic, partition, offset."""


class One(NamedTuple):
    """A block that holds a single event or refusal."""

    tenant: str
    journal_ts: int
    block: Block
    origin: Origin
    record: int  # index of its journal record in the batch


def singly(records: Iterable[Record]) -> Iterator[One]:
    """Every event and refusal in a block of its own, in the order in which the whole block applies them."""
    for number, (tenant, journal_ts, value) in enumerate(records):
        block = decode_block(value)
        topic, partition = block["topic"], block["partition"]
        parts = [(row[0], "rows", row) for row in block["rows"]] + [
            (one[0], "refused", one) for one in block["refused"]
        ]
        for offset, kind, fields in sorted(parts, key=lambda part: part[0]):
            single: Block = {**block, "rows": [], "refused": [], kind: [fields]}  # type: ignore[misc]
            yield One(tenant, journal_ts, single, (topic, partition, offset), number)
