"""Blocks: everything once, in order, small enough."""

from hypothesis import given
from hypothesis import strategies as st

from models.blocks import BLOCK_BYTES, decode_block, encode_blocks
from models.record import Refusal, Row

_PART = st.tuples(st.sampled_from(["a", "b"]), st.booleans(), st.sampled_from([10, 20_000, 200_000]))


def _row(offset: int, tenant: str, size: int) -> Row:
    return Row(offset, 1, tenant, 2**64 - 1, 3, "crm.page.viewed", 4, 0, "s", "i", {"url": "x" * size})


@given(st.lists(_PART, max_size=30))
def test_every_row_and_refusal_comes_out_once_in_offset_order(parts: list[tuple[str, bool, int]]) -> None:
    """Per tenant, block after block, offsets only rise, and no block is larger than it may be."""
    rows = [_row(offset, tenant, size) for offset, (tenant, good, size) in enumerate(parts) if good]
    refusals = [Refusal(offset, 1, tenant, "size") for offset, (tenant, good, _) in enumerate(parts) if not good]
    seen: dict[str, int] = {}
    out: list[Row] = []
    bad: list[Refusal] = []
    for tenant, data in encode_blocks("t", 7, rows, refusals):
        block = decode_block(data)
        out += [Row(*row) for row in block["rows"]]
        bad += [Refusal(*refusal) for refusal in block["refused"]]
        offsets = [entry[0] for entry in block["rows"] + block["refused"]]
        assert (block["topic"], block["partition"]) == ("t", 7)
        assert len(data) <= BLOCK_BYTES or len(offsets) == 1
        assert min(offsets) > seen.get(tenant, -1)
        seen[tenant] = max(offsets)
    assert sorted(out) == rows
    assert sorted(bad) == refusals


def test_a_large_batch_is_cut_into_few_blocks() -> None:
    """Close to the limit, not one row a block."""
    blocks = encode_blocks("t", 0, [_row(offset, "a", 1000) for offset in range(2000)], [])
    assert 8 <= len(blocks) <= 14
