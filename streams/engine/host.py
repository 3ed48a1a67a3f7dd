"""The engine process: holds the state of all lanes of a worker and answers short calls one at a time.

Calls of all lanes share one queue and each ends within a slice, so lanes take turns by time: a busy tenant leaves its
neighbours a fair share.
"""

import ctypes
import gc
import os
import pickle
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Generator
from time import process_time
from typing import Any, Final, NamedTuple

import orjson

from streams.composed import Ask, composed
from streams.engine import frames
from streams.engine.asking import at_once, in_a_copy, reply_of
from streams.engine.batch import Pace, Skipped, counting, restoring, working
from streams.engine.probe import probe
from streams.engine.rows import Origin, Record, singly
from streams.engine_port import Engine, EngineFactory

SLICE_S: Final = 0.1  # CPU seconds before a call yields
YOUNG: Final = 100_000  # objects created since the last collection
PDEATHSIG: Final = 1
CHANGING: Final = frozenset(
    {"load", "restored", "count", "work", "go_on"}
)  # leave the state half changed when they raise


class Copy(NamedTuple):
    """A forked copy of this process, and its output so far."""

    call: int
    pid: int
    output: bytearray
    read: Callable[[bytes], tuple[bool, Any]]


class Host:
    """Answers the calls of `streams.engine.client`."""

    def __init__(self, channel: socket.socket, factory: EngineFactory) -> None:
        self._channel = channel
        self._factory = factory
        self._engines: dict[int, Engine] = {}
        self._paces: dict[int, Pace] = {}
        self._running: dict[int, Generator[None, None, Any]] = {}  # calls that take several slices
        self._book: Any = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._copies: dict[int, Copy] = {}  # by pipe
        self._whole: set[int] = set()  # lanes whose state is restored and not half changed by a failed call
        self._asked: dict[int, list[tuple[int, str, int, bytes]]] = {}  # questions waiting for a batch to end

    def serve(self) -> None:
        """Answer calls until the worker is gone."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._channel:
                    self._read_copy(int(key.fd))
                elif (message := frames.receive(self._channel)) is not None:
                    self._take(*message)
                else:
                    return
            if gc.get_count()[0] > YOUNG:
                tidy()

    def _take(self, call: int, lane: int, method: str, arguments: tuple[Any, ...]) -> None:
        try:
            if method in ("probe", "ask"):
                (self._probe if method == "probe" else self._ask)(call, lane, *arguments)
                return
            self._reply(call, True, getattr(self, method)(lane, *arguments))
        except Exception as error:  # noqa: BLE001 - the worker decides what a failed call means
            if method in CHANGING:
                self._running.pop(lane, None)
                self._whole.discard(lane)
            self._reply(call, False, (type(error).__name__, str(error)[:400], where(error)))
        for waiting in self._asked.pop(lane, ()) if lane not in self._running else ():
            self._ask(waiting[0], lane, *waiting[1:])

    def _reply(self, call: int, ok: bool, result: Any) -> None:
        self._channel.sendall(frames.encode((call, ok, result)))

    # -- lifecycle of a lane ---------------------------------------------------------------------------------------

    def open(self, lane: int) -> None:
        """Start with an empty state."""
        self._whole.discard(lane)
        engine = self._engines[lane] = self._factory()
        if self._book is not None:
            engine.configure(self._book)

    def drop(self, lane: int) -> None:
        """Forget a lane."""
        self._running.pop(lane, None)
        self._whole.discard(lane)
        if self._engines.pop(lane, None) is not None:
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def configure(self, lane: int, book: bytes) -> None:
        """Apply new tenant settings to all lanes. ``book``: a TenantBook, pickled by our own parent process."""
        self._book = pickle.loads(book)
        for engine in self._engines.values():
            engine.configure(self._book)

    def load(self, lane: int, entries: list[tuple[bytes, bytes | None]]) -> None:
        """Restore changelog entries."""
        load = self._engines[lane].load
        for key, value in entries:
            load(key, value)

    # -- calls that take several slices ----------------------------------------------------------------------------

    def restored(self, lane: int) -> tuple[Any] | None:
        """Rebuild derived state after the last entry; the result is the lane's tenants."""
        return self._begin(lane, restoring(self._engines[lane]))

    def count(self, lane: int, records: list[Record], skipped: Skipped, single: bool) -> tuple[Any] | None:
        """Count what a slice has time for, and end the batch; the result is what changed."""
        pace = self._paces.setdefault(lane, Pace(SLICE_S))
        return self._begin(lane, counting(self._engines[lane], records, skipped, single=single, pace=pace))

    def work(self, lane: int) -> tuple[Any] | None:
        """Some background work; the result is what changed."""
        return self._begin(lane, working(self._engines[lane], time_is_up(SLICE_S / 2)))

    def go_on(self, lane: int) -> tuple[Any] | None:
        """Another slice of a running call: its result in a tuple, None while there is more."""
        over = time_is_up(SLICE_S)
        try:
            while not over():
                next(self._running[lane])
        except StopIteration as done:
            del self._running[lane]
            self._whole.add(lane)
            return (done.value,)
        return None

    def _begin(self, lane: int, steps: Generator[None, None, Any]) -> tuple[Any] | None:
        self._running[lane] = steps
        return self.go_on(lane)

    # -- publishing ------------------------------------------------------------------------------------------------

    def composed(self, lane: int, *ask: Any) -> tuple[Any, ...]:
        """Publications of changes, as bytes."""
        made = composed(self._engines[lane], Ask(*ask))
        publications, failures = list(map(tuple, made.publications)), list(map(tuple, made.failures))
        return tuple(made._replace(publications=publications, failures=failures))  # type: ignore[arg-type]

    def everything(self, lane: int, tenants: list[str] | None) -> None:
        """Have all documents of tenants (None: of all) recomputed next time."""
        if lane in self._engines:
            self._engines[lane].everything(tenants)

    # -- looking for events that can't be counted ------------------------------------------------------------------

    def _probe(self, call: int, lane: int, records: list[Record], skipped: Skipped) -> None:
        engine = self._engines[lane]
        reading, writing = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writing)
            self._follow(reading, Copy(call, pid, bytearray(), culprits))
            return
        os.close(reading)

        def report(origin: Origin, kind: str) -> None:
            topic, partition, offset = origin
            os.write(writing, f"{topic}\t{partition}\t{offset}\t{kind}\n".encode())

        def count(one: Any) -> None:
            engine.apply(one.block, one.tenant, one.journal_ts)
            engine.finish()

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        try:
            events = [one for one in singly(records) if one.origin not in skipped]
            probe(events, count, report)
        finally:
            os._exit(0)

    # -- questions -------------------------------------------------------------------------------------------------

    def _ask(self, call: int, lane: int, tenant: str, now: int, asked: bytes) -> None:
        """Answer a question (JSON) on a state between two batches."""
        engine = self._engines.get(lane)
        if engine is None or lane not in self._whole:
            kind, text = ("NotOwner", "not the owner") if engine is None else ("Restoring", "restoring")
            self._reply(call, False, (kind, text, ""))
        elif lane in self._running:
            self._asked.setdefault(lane, []).append((call, tenant, now, asked))
        else:
            reply = at_once(lambda: engine.ask(tenant, now, orjson.loads(asked)), where)
            if isinstance(reply, tuple):
                self._reply(call, *reply)
                return
            pid, pipe = in_a_copy(reply, where, self._detach)
            reply.close()
            self._follow(pipe, Copy(call, pid, bytearray(), reply_of))

    def _detach(self, parent: int) -> None:
        """In a copy: end with the parent process, and don't keep the worker's channel open."""
        _die_with(parent)
        self._channel.close()

    # -- copies of this process ------------------------------------------------------------------------------------

    def _follow(self, pipe: int, copy: Copy) -> None:
        self._copies[pipe] = copy
        self._selector.register(pipe, selectors.EVENT_READ)

    def _read_copy(self, pipe: int) -> None:
        copy = self._copies[pipe]
        if more := os.read(pipe, 65_536):
            copy.output.extend(more)
            return
        self._selector.unregister(pipe)
        os.close(pipe)
        os.waitpid(copy.pid, 0)
        del self._copies[pipe]
        self._reply(copy.call, *copy.read(bytes(copy.output)))


def culprits(output: bytes) -> tuple[bool, Any]:
    """The events reported by a probe."""
    found = (line.split("\t") for line in output.decode().splitlines())
    return True, [((topic, int(part), int(offset)), kind) for topic, part, offset, kind in found]


def time_is_up(seconds: float) -> Callable[[], bool]:
    """A function that returns whether this process has used ``seconds`` of CPU time since now."""
    end = process_time() + seconds
    return lambda: process_time() >= end


def tidy() -> None:
    """Collect young objects and exempt the rest for good: walking a large state costs a quarter of the throughput, and
    pauses of seconds."""
    gc.collect(0)
    gc.freeze()


def where(error: BaseException) -> str:
    """The innermost line an error came from."""
    frames_ = traceback.extract_tb(error.__traceback__)
    return f"{os.path.basename(frames_[-1].filename)}:{frames_[-1].lineno}" if frames_ else ""


def start(factory: EngineFactory) -> socket.socket:
    """Fork the engine process; returns the channel to it. Call this before starting threads."""
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    if os.fork():
        theirs.close()
        return ours
    ours.close()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the worker decides: when it ends, the channel closes
    _die_with(parent)
    gc.disable()
    gc.freeze()
    try:
        Host(theirs, factory).serve()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the worker is gone
    except BaseException as error:  # noqa: BLE001
        sys.stderr.write(f"crmkpi worker: the engine process failed: {type(error).__name__} ({where(error)})\n")
        sys.stderr.flush()
        os._exit(70)
    os._exit(0)


def _die_with(parent: int) -> None:
    """End this process with its parent, even in mid-computation (Linux); elsewhere the closing channel ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
