"""Unacknowledged events, oldest first: in memory, or in a file that outlives the process."""

import sqlite3
from collections import deque
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Protocol

_SETUP: Final = (
    "PRAGMA locking_mode=EXCLUSIVE",  # two clients would send everything twice
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # a killed process loses nothing; a power cut the last few
    "BEGIN IMMEDIATE",
    "CREATE TABLE IF NOT EXISTS events (n INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)",
    "COMMIT",
)


class Full(RuntimeError):
    """No more events fit: this one was not accepted, and no waiting one was dropped."""


class Busy(RuntimeError):
    """A spool file can't be opened."""


class Kept(NamedTuple):
    """A waiting event."""

    n: int  # in order of arrival
    body: bytes


class Store(Protocol):
    """Storage for waiting events. Its methods may be called from any thread."""

    count: int
    size: int  # bytes

    def put(self, body: bytes) -> None:
        """Store an event; once this returns, it is kept. Raises Full."""

    def oldest(self, count: int, size: int) -> list[Kept]:
        """The oldest events that fit into a batch; at least one if there is any."""

    def remove(self, events: list[Kept]) -> None:
        """Delete events that were acknowledged, or refused for good."""

    def close(self) -> None:
        """Close; no other calls may follow."""


def fitting(events: list[Kept], size: int) -> list[Kept]:
    """The first events that fit into ``size`` bytes, at least one."""
    total = 0
    for at, event in enumerate(events):
        total += len(event.body)
        if total > size and at:
            return events[:at]
    return events


class Memory:
    """Events wait in memory and are lost with the process."""

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
            while self._events and self._events[0].n in gone:  # they are the oldest
                self.size -= len(self._events.popleft().body)
            self.count = len(self._events)

    def close(self) -> None:
        """See Store."""


class Spool:
    """Events wait in an SQLite file and survive a killed process. For one client at a time."""

    def __init__(self, path: Path, limit: int, patience: float = 10) -> None:
        """``patience``: seconds to wait for a previous client that may still be closing. Raises Busy."""
        self._path, self._limit = path, limit
        self._lock = Lock()
        self._file = _connected(path, patience)
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


def _connected(path: Path, patience: float) -> sqlite3.Connection:
    try:
        file = sqlite3.connect(path, timeout=patience, check_same_thread=False, isolation_level=None)
        for statement in _SETUP:
            file.execute(statement)
    except sqlite3.OperationalError as error:  # an open connection closes with its last reference
        raise Busy(f"{path}: {error}; is another client using it?") from error
    return file


def opened(spool: Path | str | None, limit: int) -> Store:
    """The store at a path; None: in memory. ``limit``: bytes of events."""
    return Memory(limit) if spool is None else Spool(Path(spool), limit)
