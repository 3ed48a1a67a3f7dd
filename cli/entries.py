"""Stored entries beside recounted ones, in a temporary file: memory stays small however large a lane is."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

Entry = tuple[bytes, bytes | None]
CACHE_KB: Final = 32_768
SIDES: Final = {
    side: f"INSERT INTO entries (key, {side}) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET {side} = excluded.{side}"
    for side in ("kept", "counted")
}


class Pair(NamedTuple):
    """One key with what the changelog holds and what a recount gives; None: no entry."""

    key: bytes
    kept: bytes | None
    counted: bytes | None


class Entries:
    """Both sides of one lane. Use as a context manager: the file goes with it."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")  # of nobody else, on disk as far as it does not fit the cache
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
            self._file.execute(f"PRAGMA {setting}")
        self._file.execute("CREATE TABLE entries (key BLOB PRIMARY KEY, kept BLOB, counted BLOB) WITHOUT ROWID")

    def __enter__(self) -> "Entries":
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def keep(self, entries: Iterable[Entry]) -> None:
        """Take entries of the changelog, in its order: a later one replaces an earlier one."""
        self._file.executemany(SIDES["kept"], entries)

    def count(self, entries: Iterable[Entry]) -> None:
        """Take entries of the recount."""
        self._file.executemany(SIDES["counted"], entries)

    def pairs(self) -> Iterator[Pair]:
        """Every key that has an entry on either side, sorted."""
        found = self._file.execute("SELECT key, kept, counted FROM entries ORDER BY key")
        return (Pair(*row) for row in found if row[1] is not None or row[2] is not None)
