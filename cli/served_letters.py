"""Dead letters for the dashboard: read once, then only what is new, without the events themselves.

Events to retry are reread from their place in the topic. Everything is dropped after a while without use.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from cli.dead_letters import incomplete, mark_discarded, originals_of, partitions, send_again, whole
from cli.letters import Letter, Sending, letter_of, marks, open_letters, sending
from dashboard.ports import Dealt, KafkaUnavailable, OpenLetter, OpenLetters
from models.settings import Settings
from streams.bootstrap import options_from
from streams.originals import runs
from streams.restore import new_reader, read_partition

MOST: Final = 20_000  # letters kept: the newest
READ_S: Final = 5.0  # per read; the next one continues
FRESH_S: Final = 2.0  # between reads
IDLE_S: Final = 60.0
SHOWN: Final = 64 << 10  # characters of an event shown
FAILED: Final = (KafkaError, OSError, TimeoutError)


class Held(NamedTuple):
    """A letter without its event, and its place in the topic."""

    letter: Letter
    place: TopicPartition
    offset: int


class ServedLetters:
    """`Letters` of one installation."""

    def __init__(self, place: Settings) -> None:
        self._place, self._options = place, options_from(place)
        self._turn = asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._forget()

    async def close(self) -> None:
        """Closes the connection."""
        if self._idle is not None:
            self._idle.cancel()
        async with self._turn:
            await self._stop()

    async def open(self) -> OpenLetters:
        """Open letters, newest first. Raises `KafkaUnavailable`."""
        async with self._working():
            await self._look()
            found = sorted(self._open().values(), key=lambda letter: (-letter.at, letter.id))
        shown = [OpenLetter(one.id, one.at, one.tenant, one.stage, one.reason, one.field, one.detail) for one in found]
        return OpenLetters(shown, self._complete)

    async def one(self, name: str) -> dict[str, Any] | None:
        """An open letter with its event, truncated if long. Raises `KafkaUnavailable`."""
        async with self._working():
            await self._look()
            found = await self._read([name])
            if not found:
                return None
            originals = await originals_of(self._options, filter(incomplete, found))
        return _cut(whole(found[0], originals.get(found[0].origin)))

    async def retry(self, names: Sequence[str]) -> Dealt:
        """Retries letters, each once. Raises `KafkaUnavailable`."""

        async def send(letters: Sequence[Letter]) -> dict[str, str]:
            originals = await originals_of(self._options, filter(incomplete, letters))
            tried = [(letter, sending(letter, lambda one: originals.get(one.origin))) for letter in letters]
            await send_again(self._options, [one for _, one in tried if isinstance(one, Sending)])
            return {letter.id: one for letter, one in tried if isinstance(one, str)}

        return await self._deal(names, send)

    async def discard(self, names: Sequence[str]) -> Dealt:
        """Marks letters as needing no action. Raises `KafkaUnavailable`."""

        async def mark(letters: Sequence[Letter]) -> dict[str, str]:
            await mark_discarded(self._options, letters)
            return {}

        return await self._deal(names, mark)

    async def _deal(self, names: Sequence[str], deal: Callable[[Sequence[Letter]], Awaitable[dict[str, str]]]) -> Dealt:
        async with self._working():
            await self._look(at_once=True)
            letters = await self._read(names)
            left = await deal(letters) if letters else {}
            await self._look(at_once=True)  # the marks just written
        done = [letter.id for letter in letters if letter.id not in left]
        gone = set(names) - {letter.id for letter in letters}
        return Dealt(done, {**dict.fromkeys(gone, "no such letter, or it was dealt with"), **left})

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        """Exclusive use of the connection, which is closed on failure so that the next request reconnects."""
        async with self._turn:
            try:
                yield
            except FAILED as error:
                await self._stop()
                what = str(error) or type(error).__name__
                raise KafkaUnavailable(f"{self._place.kafka.bootstrap_servers}: {what}") from error
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._rest)

    def _rest(self) -> None:
        task = asyncio.create_task(self.close(), name="dead letters rest")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _stop(self) -> None:
        reader, self._reader = self._reader, None
        self._forget()
        if reader is not None:
            await reader.stop()

    def _forget(self) -> None:
        self._held: dict[str, Held] = {}
        self._marks: dict[str, dict[str, Any]] = {}
        self._next: dict[TopicPartition, int] = {}
        self._complete = False
        self._looked = -FRESH_S

    def _open(self) -> dict[str, Letter]:
        return open_letters((held.letter for held in self._held.values()), self._marks)

    # --- reading

    async def _look(self, *, at_once: bool = False) -> None:
        """Reads new letters, within the time limit."""
        clock = asyncio.get_running_loop().time
        if self._reader is not None and not at_once and clock() - self._looked < FRESH_S:
            return
        if self._reader is None:
            self._reader = new_reader(self._options)
            await self._reader.start()
        reader, end = self._reader, clock() + READ_S
        of_marks = TopicPartition(self._options.marks, 0)
        there = await partitions(self._place, self._options)
        if self._options.marks in await reader.topics():
            there.append(of_marks)
        begins, ends = await reader.beginning_offsets(there), await reader.end_offsets(there)
        if any(self._next.get(place, 0) > ends[place] for place in there):
            self._forget()  # a topic was recreated
        self._drop(begins)
        whole = True
        for place in there:
            take = self._take_marks if place == of_marks else self._take
            start = max(self._next.get(place, 0), begins[place])
            if start < ends[place]:
                async for records in read_partition(reader, place, ends[place], start=start):
                    take(place, records)
                    self._next[place] = records[-1].offset + 1 if records else start
                    if clock() > end:
                        break
                else:
                    self._next[place] = ends[place]
            whole &= self._next.get(place, start) >= ends[place]
        self._complete = whole and len(self._held) < MOST
        self._looked = clock()

    def _drop(self, begins: dict[TopicPartition, int]) -> None:
        """Drop letters deleted by retention."""
        gone = [name for name, held in self._held.items() if held.offset < begins.get(held.place, 0)]
        for name in gone:
            del self._held[name]

    def _take(self, place: TopicPartition, records: Sequence[Any]) -> None:
        for record in records:
            if letter := letter_of(record):
                self._held.pop(letter.id, None)
                self._held[letter.id] = Held(letter._replace(key=None, value=None, headers=()), place, record.offset)
        if len(self._held) > MOST:
            newest = sorted(self._held.items(), key=lambda item: item[1].letter.at)[-MOST:]
            self._held = dict(newest)

    def _take_marks(self, place: TopicPartition, records: Sequence[Any]) -> None:
        self._marks |= marks((record.key or b"", record.value) for record in records)

    async def _read(self, names: Sequence[str]) -> list[Letter]:
        """Open letters with their events, read from their place in the topic."""
        assert self._reader is not None
        still = self._open()
        wanted: dict[TopicPartition, list[int]] = {}
        for name in dict.fromkeys(names):
            if name in still:
                wanted.setdefault(self._held[name].place, []).append(self._held[name].offset)
        found: deque[Letter] = deque()
        for place, offsets in wanted.items():
            for run in runs(sorted(offsets)):
                async for records in read_partition(self._reader, place, run[-1] + 1, start=run[0]):
                    found += [one for record in records if record.offset in run and (one := letter_of(record))]
        return list(found)


def _cut(shown: dict[str, Any]) -> dict[str, Any]:
    """An event truncated for the browser."""
    value = shown["value"]
    if isinstance(value, str) and len(value) > SHOWN:
        return {**shown, "value": value[:SHOWN], "characters": len(value)}
    return shown if isinstance(value, str | None) else {**shown, "value": None, "characters": None}
