"""Stored and recounted entries, joined in a temporary file, so that memory stays small for any lane."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from cli.earlier import renewed
from kpis.state.stored import first_generation, generation_of, held_generation, tenant_of

Entry = tuple[bytes, bytes | None]
META: Final = b"\0meta\0"
CACHE_KB: Final = 32_768
FACTS: Final = "kept IS NOT NULL AND substr(key, 1, 1) IN (X'66', X'69')"  # tables f and i
SIDES: Final = {
    side: f"INSERT INTO entries (key, {side}) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET {side} = excluded.{side}"
    for side in ("kept", "counted")
}


class Pair(NamedTuple):
    """One key with its entries in the changelog and in the recount; None: no entry."""

    key: bytes
    kept: bytes | None
    counted: bytes | None


class Entries:
    """Both sides of one lane. A context manager: the file is deleted at exit."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")  # private, and on disk only as far as it exceeds the cache
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
            self._file.execute(f"PRAGMA {setting}")
        self._file.execute("CREATE TABLE entries (key BLOB PRIMARY KEY, kept BLOB, counted BLOB) WITHOUT ROWID")

    def __enter__(self) -> "Entries":
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def keep(self, entries: Iterable[Entry]) -> None:
        """Add entries of the changelog, in order: later ones replace earlier ones."""
        self._file.executemany(SIDES["kept"], entries)

    def count(self, entries: Iterable[Entry]) -> None:
        """Add entries of the recount."""
        self._file.executemany(SIDES["counted"], entries)

    def count_once(self) -> None:
        """Renumber the current generation of stored cells as the first, as in a state that was never recomputed."""
        metas = self._file.execute(
            "SELECT key, kept FROM entries WHERE kept IS NOT NULL AND substr(key, -6) = ?", (META,)
        )
        holds = {tenant_of(key): generation for key, kept in metas if (generation := held_generation(kept))}

        def is_held(key: bytes) -> bool:
            return generation_of(key) == holds.get(tenant_of(key), 0)

        for name, function in (("is_held", is_held), ("first_generation", first_generation)):
            self._file.create_function(name, 1, function, deterministic=True)
        if holds:
            self._file.execute("UPDATE entries SET kept = NULL WHERE substr(key, 1, 1) = X'63' AND NOT is_held(key)")
        self._file.execute(
            "INSERT INTO entries (key, kept) SELECT first_generation(key), kept FROM entries "
            "WHERE substr(key, 1, 1) = X'67' AND kept IS NOT NULL AND is_held(key) "
            "ON CONFLICT (key) DO UPDATE SET kept = excluded.kept"
        )
        self._file.execute("DELETE FROM entries WHERE substr(key, 1, 1) = X'67'")

    def renew(self) -> None:
        """Convert stored facts of an earlier build to the current form, as in the recount.

        A fact stored under both keys is left alone, and will differ.
        """
        kept = self._file.execute(f"SELECT key, kept FROM entries WHERE {FACTS}")
        self._file.execute("CREATE TABLE renewed (key BLOB PRIMARY KEY, was BLOB, kept BLOB) WITHOUT ROWID")
        self._file.executemany(
            "INSERT INTO renewed VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            ((new, key, value) for key, was in kept for new, value in renewed(key, was) or ()),
        )
        self._file.execute(
            "DELETE FROM renewed WHERE key <> was AND key IN (SELECT key FROM entries WHERE kept IS NOT NULL)"
        )
        self._file.execute("UPDATE entries SET kept = NULL WHERE key IN (SELECT was FROM renewed)")
        self._file.execute(
            "INSERT INTO entries (key, kept) SELECT key, kept FROM renewed WHERE true "
            "ON CONFLICT (key) DO UPDATE SET kept = excluded.kept"
        )

    def pairs(self) -> Iterator[Pair]:
        """Every key with an entry on either side, sorted."""
        found = self._file.execute("SELECT key, kept, counted FROM entries ORDER BY key")
        return (Pair(*row) for row in found if row[1] is not None or row[2] is not None)
