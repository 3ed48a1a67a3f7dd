"""Events from the command line or a file, checked as a worker checks them, on their way to their topics."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from cli.book import workers_book
from cli.exits import CliError
from cli.feed import feed
from cli.flags import settings_file
from cli.lines import parsed, read_lines
from cli.nearly import beside, noticed
from cli.refusals import words_of
from cli.term import say
from models.record import RawRecord
from models.route import key_of, topic_of
from models.settings import Settings
from models.validate import Known, validate


class Landed(NamedTuple):
    """Where an event went."""

    type: str
    topic: str
    partition: int
    offset: int


def from_file(path: Path) -> list[bytes]:
    """The events of a JSON or JSONL file."""
    lines = [line.raw for line in read_lines(path)]
    if len(lines) > 1 and parsed(lines[0]) is None:  # not JSONL: one document over several lines
        lines = [b"\n".join(lines)]
    try:
        found = orjson.loads(lines[0]) if len(lines) == 1 else None
    except orjson.JSONDecodeError:
        return lines
    return list(map(orjson.dumps, found)) if isinstance(found, list) else lines


def from_flags(type_: str | None, data: str, tenant: str, time: str | None, event_id: str | None, source: str) -> bytes:
    """The event that flags tell of. Raises CliError."""
    try:
        body: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise CliError(f"--data is not valid JSON: {error}") from error
    when = time or datetime.now(UTC).isoformat(timespec="milliseconds")
    envelope = {"specversion": "1.0", "id": event_id or str(uuid.uuid4()), "source": source, "type": type_}
    return orjson.dumps({**envelope, "time": when, "tenantid": tenant, "data": body})


def check(events: list[bytes], place: Settings) -> None:
    """Say what is nearly wrong with events. Raises CliError where one would be rejected."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    book = workers_book(place, settings_file())
    records = [RawRecord("", 0, number, now, None, raw) for number, raw in enumerate(events, start=1)]
    rows, rejections = validate(records, Known(book, closed=not book.open))
    for row in rows:
        say(*(f"event {row.offset}: {text}" for text in (*beside(parsed(events[row.offset - 1]) or {}), *noticed(row))))
    if not rejections:
        return
    for rejected in rejections[1:]:
        say(f"event {rejected.record.offset}: {words_of(rejected)}")
    first = rejections[0]
    what = words_of(first)
    raise CliError(f"nothing sent: event {first.record.offset} would be rejected: {what} (--force sends it anyway)")


async def send_all(place: Settings, events: list[bytes]) -> list[Landed]:
    """Send events; where each went."""
    heads = [parsed(raw) or {} for raw in events]
    topics = [topic_of(place, head.get("type")) for head in heads]
    async with feed(place.kafka) as kafka:
        landed: list[Landed] = []
        for raw, head, topic in zip(events, heads, topics, strict=True):
            done = await (await kafka.send(topic, raw, key=key_of(head)))
            landed.append(Landed(str(head.get("type", "?")), topic, done.partition, done.offset))
        return landed
