"""The position of a pull source, and what was sent from it: an SQLite file per source.

It is written only after Kafka has acknowledged. Opening it takes a lock: a second process for the same source is
refused, and the lock of a killed one is released.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import orjson

from cli.exits import CliError
from cli.ledger import default_path
from collectors.pulled.page import Cursor

_CHUNK = 500  # digests per query
_TABLES = """
CREATE TABLE IF NOT EXISTS cursors (place TEXT PRIMARY KEY, cursor TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent (digest BLOB PRIMARY KEY) WITHOUT ROWID;
"""


class State:
    """The state of one source, for one destination. A context manager; ``dry``: a copy that is discarded."""

    def __init__(self, path: Path, place: str, *, dry: bool = False) -> None:
        """Raises CliError for a file that is unusable or locked by another process."""
        self._place = place
        try:
            self._file = _copy(path) if dry else _opened(path)
            self._file.executescript(_TABLES)
            if not dry:
                self._file.execute("INSERT OR IGNORE INTO cursors VALUES ('', '')")  # takes the lock
        except (sqlite3.Error, OSError) as error:
            busy = "locked" in str(error)
            why = "another `crmkpi pull` has it" if busy else str(error)
            raise CliError(f"cannot use the state file {path}: {why}") from error

    def __enter__(self) -> "State":
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    @property
    def cursor(self) -> Cursor:
        """The source's position; {} before its first page."""
        row = self._file.execute("SELECT cursor FROM cursors WHERE place = ?", (self._place,)).fetchone()
        return dict(orjson.loads(row[0])) if row else {}

    def unsent(self, digests: Sequence[bytes]) -> set[bytes]:
        """The digests not sent before."""
        fresh = set(digests)
        for start in range(0, len(digests), _CHUNK):
            part = digests[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            fresh -= {row[0] for row in self._file.execute(f"SELECT digest FROM sent WHERE digest IN ({marks})", part)}
        return fresh

    def keep(self, cursor: Cursor, digests: Iterable[bytes] = ()) -> None:
        """Save the digests sent and the position after them, atomically."""
        self._file.execute("BEGIN IMMEDIATE")
        self._file.executemany("INSERT OR IGNORE INTO sent VALUES (?)", [(one,) for one in digests])
        row = (self._place, orjson.dumps(cursor).decode())
        self._file.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", row)
        self._file.execute("COMMIT")

    def digest(self, record: bytes) -> bytes:
        """The digest of a record."""
        return blake2b(self._place.encode() + b"\0" + record, digest_size=16).digest()


def state_path(source: str) -> Path:
    """The default path of a source's state, next to the import ledger."""
    return default_path().parent / "pull" / f"{source}.sqlite"


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(path, isolation_level=None, timeout=0.5)
    file.execute("PRAGMA locking_mode = EXCLUSIVE")
    file.execute("PRAGMA synchronous = FULL")
    return file


def _copy(path: Path) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    if path.is_file():
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.5) as file:
            file.backup(memory)
        file.close()
    return memory
