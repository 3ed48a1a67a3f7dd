"""The journal's blocks: the contents of one fetched batch of one input partition, per tenant."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from models.record import Block, Refusal, Row

BLOCK_BYTES: Final = 256 * 1024


def encode_blocks(
    topic: str, partition: int, rows: Iterable[Row], refusals: Iterable[Refusal]
) -> list[tuple[str, bytes]]:
    """(tenant, block) pairs; a tenant's blocks are in offset order and do not overlap in offsets.

    A block has at most BLOCK_BYTES, unless a single row is larger.
    """
    tenants: dict[str, tuple[list[Row], list[Refusal]]] = {}
    for row in rows:
        tenants.setdefault(row.tenant, ([], []))[0].append(row)
    for refusal in refusals:
        tenants.setdefault(refusal.tenant, ([], []))[1].append(refusal)
    return [
        (tenant, block) for tenant, (good, bad) in tenants.items() for block in _encode(topic, partition, good, bad)
    ]


def _encode(topic: str, partition: int, rows: Sequence[Row], refused: Sequence[Refusal]) -> list[bytes]:
    block = _dump(topic, partition, rows, refused)
    count = len(rows) + len(refused)
    if len(block) <= BLOCK_BYTES or count == 1:
        return [block]
    # Rows and refusals are cut at the same offsets: the engine drops offsets not above the highest it has seen.
    offsets = sorted([row.offset for row in rows] + [refusal.offset for refusal in refused])
    size = max(1, count * BLOCK_BYTES * 4 // (len(block) * 5))
    blocks: list[bytes] = []
    for start in range(0, count, size):
        chosen = range(offsets[start], offsets[min(start + size, count) - 1] + 1)
        blocks += _encode(
            topic, partition, [row for row in rows if row.offset in chosen], [r for r in refused if r.offset in chosen]
        )
    return blocks


def _dump(topic: str, partition: int, rows: Iterable[Row], refused: Iterable[Refusal]) -> bytes:
    # orjson serialises plain tuples, not named ones.
    content: dict[str, Any] = {
        "topic": topic,
        "partition": partition,
        "rows": [tuple(row) for row in rows],
        "refused": [tuple(refusal) for refusal in refused],
    }
    return orjson.dumps(content)


def decode_block(block: bytes) -> Block:
    """The inverse of encode_blocks for one block. Raises orjson.JSONDecodeError for other bytes."""
    decoded: Block = orjson.loads(block)
    return decoded
