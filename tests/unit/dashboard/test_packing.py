"""A stream that is compressed reads as the same messages, each as soon as it was sent."""

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from dashboard.packing import accepts_gzip, gzipped

SNAPSHOT = b"event: snapshot\ndata: " + b'{"kpi":"orders","value":1}' * 4000 + b"\n\n"
MESSAGES = [SNAPSHOT, b": tick\n\n", b"", b"x" * 1023, bytes(range(256)) * 300, b"data: {}\n\n"]


async def sent(messages: list[bytes]) -> AsyncIterator[bytes]:
    """One by one."""
    for message in messages:
        yield message


@pytest.mark.parametrize("messages", [MESSAGES, MESSAGES[1:], []])
async def test_each_message_can_be_read_at_once(messages: list[bytes]) -> None:
    """And the whole is a gzip stream with its check sum and size."""
    pieces = [piece async for piece in gzipped(sent(messages))]
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert [reader.decompress(piece) for piece in pieces] == [*messages, b""]
    assert reader.eof
    assert gzip.decompress(b"".join(pieces)) == b"".join(messages)


async def test_a_large_message_becomes_small() -> None:
    """The first snapshot is most of what a page loads."""
    (first, *_) = [piece async for piece in gzipped(sent(MESSAGES))]
    assert len(first) * 50 < len(MESSAGES[0])


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_only_who_accepts_it_gets_it(header: str, accepted: bool) -> None:
    """RFC 9110, 12.5.3."""
    assert accepts_gzip(header) == accepted
