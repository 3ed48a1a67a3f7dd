"""Events that are not acknowledged yet, oldest first: in memory, or in a file that outlives the process."""

import sqlite3
from collections import deque
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Protocol

_TABLE: Final = "CREATE TABLE IF NOT EXISTS events (n INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)"


class Full(RuntimeError):
    """No more events fit: none of those that wait was dropped, this one was not taken."""


class Kept(NamedTuple):
    """One event that waits."""

    n: int  # in the order in which they came
    body: bytes


class Store(Protocol):
    """Where events wait. Its methods may be called from any thread."""

    count: int
    size: int  # bytes

    def put(self, body: bytes) -> None:
        """Keep one more; when this returns, it is kept. Full."""

    def oldest(self, count: int, size: int) -> list[Kept]:
        """The oldest that fit into a batch, at least one if there is any."""

    def remove(self, events: list[Kept]) -> None:
        """Forget some: they are acknowledged, or refused for good."""

    def close(self) -> None:
        """Nothing is called afterwards."""


def fitting(events: list[Kept], size: int) -> list[Kept]:
    """The first events that have ``size`` bytes together, at least one."""
    total = 0
    for at, event in enumerate(events):
        total += len(event.body)
        if total > size and at:
            return events[:at]
    return events


class Memory:
    """Events wait in memory, and are lost with the process."""

    def __init__(self, limit: int) -> None:
        self.count = self.size = 0
        self._limit, self._next = limit, 0
        self._events: deque[Kept] = deque()
        self._lock = Lock()

    def put(self, body: bytes) -> None:
        """See Store."""
        with self._lock:
            if self.size + len(body) > self._limit:
                raise Full(f"{self.count} events wait, {self.size} bytes of {self._limit}")
            self._events.append(Kept(self._next, body))
            self._next += 1
            self.count, self.size = self.count + 1, self.size + len(body)

    def oldest(self, count: int, size: int) -> list[Kept]:
        """See Store."""
        with self._lock:
            return fitting([event for _, event in zip(range(count), self._events, strict=False)], size)

    def remove(self, events: list[Kept]) -> None:
        """See Store."""
        gone = {event.n for event in events}
        with self._lock:
            self._events = deque(event for event in self._events if event.n not in gone)
            self.count, self.size = len(self._events), sum(len(event.body) for event in self._events)

    def close(self) -> None:
        """See Store."""


class Spool:
    """Events wait in an SQLite file: also those of a process that was killed. One process at a time."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path, self._limit = path, limit
        self._lock = Lock()
        self._file = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing; a power cut the last few
        self._file.execute(_TABLE)
        found = self._file.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM events").fetchone()
        self.count, self.size = int(found[0]), int(found[1])

    def put(self, body: bytes) -> None:
        """See Store."""
        with self._lock:
            if self.size + len(body) > self._limit:
                raise Full(f"{self._path}: {self.count} events wait, {self.size} bytes of {self._limit}")
            self._file.execute("INSERT INTO events (body) VALUES (?)", (body,))
            self.count, self.size = self.count + 1, self.size + len(body)

    def oldest(self, count: int, size: int) -> list[Kept]:
        """See Store."""
        with self._lock:
            found = self._file.execute("SELECT n, body FROM events ORDER BY n LIMIT ?", (count,)).fetchall()
        return fitting([Kept(*row) for row in found], size)

    def remove(self, events: list[Kept]) -> None:
        """See Store."""
        with self._lock:
            self._file.execute("BEGIN")
            self._file.executemany("DELETE FROM events WHERE n = ?", [(event.n,) for event in events])
            self._file.execute("COMMIT")
            self.count, self.size = self.count - len(events), self.size - sum(len(event.body) for event in events)

    def close(self) -> None:
        """See Store."""
        with self._lock:
            self._file.close()


def opened(spool: Path | str | None, limit: int) -> Store:
    """The store at a path, in memory for None; ``limit`` in bytes of events."""
    return Memory(limit) if spool is None else Spool(Path(spool), limit)
