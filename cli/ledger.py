"""Remembers the events of imported rows, so that a changed row becomes a correction instead of a conflict.

An SQLite file with digests, times and revisions of rows, but none of their values.
"""

import os
import sqlite3
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from cli.exits import CliError

_CHUNK: Final = 500  # keys per query


class Past(NamedTuple):
    """A row's event as last imported."""

    content: str  # digest of its data
    time: int  # ms UTC, as given by the row
    revision: int
    said: int  # ms UTC, as sent: a correction has to come after what it corrects


class Entry(NamedTuple):
    """The ledger's entry for a row's key."""

    revision: int  # of the row, from its newest event
    events: dict[str, Past]  # by label
    sent: bool = False  # acknowledged by Kafka in this form


class Ledger:
    """The rows of one destination (a Kafka cluster, or the terminal) by tenant, source and key. A context manager."""

    def __init__(self, path: Path | None, place: str) -> None:
        """``path`` None: in memory only. Raises CliError for an unusable file."""
        self._place = place
        try:
            if path:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path or "", isolation_level=None, timeout=30)
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, entry BLOB) WITHOUT ROWID")
        except (sqlite3.Error, OSError) as error:
            raise CliError(f"cannot use the ledger {path}: {error} (--ledger FILE puts it elsewhere)") from error

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def digest(self, *names: str) -> bytes:
        """The key of a row in this ledger."""
        return blake2b("\0".join((self._place, *names)).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def look_up(self, keys: Iterable[bytes]) -> dict[bytes, Entry]:
        """The entries of known keys."""
        found: dict[bytes, Entry] = {}
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), _CHUNK):
            part = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for key, entry in self._file.execute(f"SELECT key, entry FROM rows WHERE key IN ({marks})", part):
                found[key] = _read(entry)
        return found

    def keep(self, entries: Iterable[tuple[bytes, Entry]]) -> None:
        """Write entries, all or none."""
        rows = [
            (key, orjson.dumps([entry.revision, entry.events, entry.sent], default=tuple)) for key, entry in entries
        ]
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?)", rows)
        self._file.execute("COMMIT")


def default_path() -> Path:
    """The default path, in the user's state directory."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "crmkpi" / "imports.sqlite"


def content_of(data: dict[str, Any]) -> str:
    """A digest of an event's data."""
    return blake2b(orjson.dumps(data, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()


def _read(raw: bytes) -> Entry:
    revision, events, sent = orjson.loads(raw)
    return Entry(revision, {label: Past(*past) for label, past in events.items()}, sent)
