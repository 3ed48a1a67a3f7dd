"""Dead letters in Kafka: reading, retrying and marking them. Shared by `crmkpi dlq` and `crmkpi serve`."""

import base64
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from aiokafka import TopicPartition

from cli.letters import Letter, Sending, letter_of, mark
from models.settings import Settings
from ops.losses import read_small
from ops.topics import admin
from streams.options import WorkerOptions
from streams.originals import Original, Originals
from streams.producing import Output
from streams.resend import resend
from streams.restore import new_reader, read_partition

AT_A_TIME: Final = 500  # letters per transaction
ORIGINAL_S: Final = 30.0
Origin = tuple[str, int, int]


async def partitions(
    place: Settings, options: WorkerOptions, places: Sequence[tuple[str, int]] | None = None
) -> list[TopicPartition]:
    """The existing dead-letter topics' partitions for these input partitions (None: all), sorted."""
    wanted = {name + options.dlq_suffix for name in options.inputs}
    async with admin(place.kafka) as link:
        described = [item for item in await link.describe_topics() if item["topic"] in wanted]
    there = [TopicPartition(item["topic"], part["partition"]) for item in described for part in item["partitions"]]
    if places is not None:
        asked = {(topic + options.dlq_suffix, partition) for topic, partition in places}
        there = [tp for tp in there if tuple(tp) in asked]
    return sorted(there)


async def read_letters(
    place: Settings, options: WorkerOptions, places: Sequence[tuple[str, int]] | None = None
) -> list[Letter]:
    """Every dead letter of these input partitions (None: all). Raises KafkaError."""
    return [letter async for letter in _letters(options, await partitions(place, options, places))]


async def _letters(options: WorkerOptions, there: list[TopicPartition]) -> AsyncIterator[Letter]:
    reader = new_reader(options)
    try:
        await reader.start()
        begins = await reader.beginning_offsets(there) if there else {}
        ends = await reader.end_offsets(there) if there else {}
        for tp in (tp for tp in there if ends[tp] > begins[tp]):
            async for records in read_partition(reader, tp, ends[tp], start=begins[tp]):
                for record in records:
                    if letter := letter_of(record):
                        yield letter
    finally:
        await reader.stop()


async def read_marks(options: WorkerOptions) -> list[tuple[bytes, bytes | None]]:
    """The contents of the marks topic. Raises KafkaError."""
    reader = new_reader(options)
    try:
        await reader.start()
        if options.marks not in await reader.topics():
            return []
        return await read_small(reader, TopicPartition(options.marks, 0))
    finally:
        await reader.stop()


def incomplete(letter: Letter) -> bool:
    """Whether a letter lacks the event's original bytes."""
    return letter.truncated is not None or letter.reconstructed


async def originals_of(options: WorkerOptions, letters: Iterable[Letter]) -> dict[Origin, Original]:
    """The original records of incomplete letters, as far as the input topics still have them."""
    source, found = Originals(options), dict[Origin, Original]()
    try:
        waiting = iter([letter.origin for letter in letters])
        while some := list(islice(waiting, AT_A_TIME)):
            found |= await source.fetch(some, ORIGINAL_S)
    finally:
        await source.close()
    return found


async def send_again(options: WorkerOptions, ready: Sequence[Sending]) -> None:
    """Sends events and their marks, in one transaction per `AT_A_TIME` events. Raises KafkaError."""
    waiting = iter(ready)
    while some := list(islice(waiting, AT_A_TIME)):
        events: dict[tuple[str, int], list[Output]] = {}
        for one in some:
            events.setdefault(one.letter.origin[:2], []).append((one.key, one.value, [*one.headers]))
        await resend(options, events, [mark(one.letter, "retried", max(_now(), one.letter.at)) for one in some])


async def mark_discarded(options: WorkerOptions, letters: Sequence[Letter]) -> None:
    """Mark letters as needing no action. Raises KafkaError."""
    waiting = iter(letters)
    while some := list(islice(waiting, AT_A_TIME)):
        await resend(options, {}, [mark(letter, "discarded", max(_now(), letter.at)) for letter in some])


def whole(letter: Letter, sent: Original | None) -> dict[str, Any]:
    """A letter with its event, as JSON; ``sent``: the original record, if the letter is incomplete."""
    key, value, headers = (sent.key, sent.value, sent.headers) if sent else (letter.key, letter.value, letter.headers)
    return {
        "id": letter.id, "refused_at": time_text(letter.at), "tenant": letter.tenant, "stage": letter.stage,
        "reason": letter.reason, "field": letter.field, "detail": letter.detail,
        "event": "as it was sent" if sent or not incomplete(letter) else lacking(letter),
        "key": readable(key), "headers": [[name, readable(text)] for name, text in headers], "value": readable(value),
    }  # fmt: skip


def lacking(letter: Letter) -> str:
    """Why a letter does not have the event's original bytes."""
    if letter.truncated is not None:
        return f"beginning only; it had {letter.truncated:,} bytes and is no longer in the input topic"
    return "rebuilt from the journal: it is no longer in the input topic"


def readable(raw: bytes | None) -> Any:
    """Bytes for JSON: text, or an object with their base64."""
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw or b"").decode()}


def time_text(ms: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now() -> int:
    return int(time.time() * 1000)
