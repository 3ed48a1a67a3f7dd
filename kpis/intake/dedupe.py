"""Exact deduplication over thirty days of journal time, at 16 bytes an event.

Identities are 64-bit hashes of (tenant, source, id) each with a 64-bit hash of the event's content. They are kept in
sorted NumPy runs, merged like the levels of a log-structured merge tree: new runs are small, old ones large. A batch
is looked up at once. They are stored in chunks by day of journal time; a chunk is rewritten until it is full, so a
quiet tenant does not leave thousands of tiny entries.
"""

import base64
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpis.slices import Work

HORIZON_DAYS: Final = 30
CHUNK: Final = 512  # identities in a full chunk
Hashes = NDArray[np.uint64]
ChunkKey = tuple[int, int]  # journal day, number


class Run:
    """Identities in sorted order, each with its content hash and the journal day on which it was first seen."""

    __slots__ = ("contents", "days", "identities")

    def __init__(self, identities: Hashes, contents: Hashes, days: NDArray[np.int32]) -> None:
        order = np.argsort(identities, kind="stable")
        self.identities, self.contents, self.days = identities[order], contents[order], days[order]

    def __len__(self) -> int:
        return len(self.identities)

    @staticmethod
    def merge(one: "Run", other: "Run") -> "Run":
        """Both runs merged."""
        return Run(
            np.concatenate((one.identities, other.identities)),
            np.concatenate((one.contents, other.contents)),
            np.concatenate((one.days, other.days)),
        )


class Seen:
    """The identities one tenant has seen."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.dirty: dict[ChunkKey, bytes | None] = {}
        self._open: dict[int, list[tuple[int, int]]] = {}  # day -> the chunk that is not full yet
        self._count: dict[int, int] = {}  # day -> number of its open chunk
        self._oldest = -(1 << 30)
        self._stored: dict[ChunkKey, bytes] = {}

    def known(self, identities: list[int]) -> dict[int, int]:
        """Of these identities, those seen before: identity -> content hash."""
        found: dict[int, int] = {}
        if not self.runs or not identities:
            return found
        asked = np.array(identities, dtype=np.uint64)
        for run in self.runs:
            at = np.searchsorted(run.identities, asked)
            np.minimum(at, len(run) - 1, out=at)
            hits = (run.identities[at] == asked) & (run.days[at] >= self._oldest)
            if hits.any():
                found.update(zip(asked[hits].tolist(), run.contents[at[hits]].tolist(), strict=True))
        return found

    def add(self, fresh: dict[int, int], day: int) -> None:
        """Remember new identities, seen on a day of journal time."""
        if not fresh:
            return
        self._run(list(fresh), list(fresh.values()), day)
        chunk = self._open.setdefault(day, [])
        number = self._count.setdefault(day, 0)
        for pair in fresh.items():
            chunk.append(pair)
            if len(chunk) == CHUNK:
                self.dirty[day, number] = encode_chunk(chunk)
                chunk.clear()
                number += 1
        self._count[day] = number
        if chunk:
            self.dirty[day, number] = encode_chunk(chunk)

    def _run(self, identities: list[int], contents: list[int], day: int) -> None:
        days = np.full(len(identities), day, dtype=np.int32)
        self.runs.append(Run(np.array(identities, dtype=np.uint64), np.array(contents, dtype=np.uint64), days))
        while len(self.runs) > 1 and len(self.runs[-1]) * 2 >= len(self.runs[-2]):
            last = self.runs.pop()
            self.runs[-1] = Run.merge(self.runs[-1], last)

    def hold(self, key: ChunkKey, stored: bytes | None) -> None:
        """Hold a stored chunk until ``restore``: the changelog may contain older versions of it before the last."""
        if stored is None:
            self._stored.pop(key, None)
        else:
            self._stored[key] = stored

    def restore(self, today: int) -> Work:
        """Load the held chunks, once all have been read."""
        for (day, number), stored in sorted(self._stored.items()):
            pairs = decode_chunk(stored)
            self._run([one for one, _ in pairs], [other for _, other in pairs], day)
            full = len(pairs) == CHUNK
            self._count[day], self._open[day] = number + full, [] if full else pairs
            yield 100 + len(pairs)
        self._stored.clear()
        self.forget(today)
        self.dirty.clear()

    def forget(self, today: int) -> None:
        """Drop what was seen more than `HORIZON_DAYS` before a day of journal time."""
        self._oldest = today - HORIZON_DAYS
        for day in [day for day in self._count if day < self._oldest]:
            for number in range(self._count.pop(day) + bool(self._open.pop(day, []))):
                self.dirty[day, number] = None
        for run in self.runs:
            keep = run.days >= self._oldest
            if not keep.all():
                run.identities, run.contents, run.days = run.identities[keep], run.contents[keep], run.days[keep]
        self.runs = [run for run in self.runs if len(run)]

    def fingerprint(self) -> str:
        """A checksum of all identities and contents that does not depend on their order."""
        found = (
            np.bitwise_xor.reduce([np.bitwise_xor.reduce(each) for each in hashes] or [np.uint64(0)])
            for hashes in ([run.identities for run in self.runs], [run.contents for run in self.runs])
        )
        return "/".join(str(int(one)) for one in found)

    def __len__(self) -> int:
        return sum(len(run) for run in self.runs)


def encode_chunk(pairs: list[tuple[int, int]]) -> bytes:
    """Pairs of hashes as base64 of little-endian 64-bit numbers."""
    return base64.b64encode(np.array(pairs, dtype="<u8").tobytes())


def decode_chunk(stored: bytes) -> list[tuple[int, int]]:
    """The pairs of a chunk."""
    flat = np.frombuffer(base64.b64decode(stored), dtype="<u8").reshape(-1, 2)
    return [(int(one), int(other)) for one, other in flat]
