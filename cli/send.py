"""`crmkpi send`: one event, or a few, to the right topic."""

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import orjson
import typer

from cli.book import workers_book
from cli.exits import EPILOG, CliError
from cli.feed import feed
from cli.flags import JsonFlag, KafkaFlag, settings, settings_file
from cli.lines import parsed, read_lines
from cli.nearly import beside, noticed
from cli.refusals import words_of
from cli.root import app
from cli.term import line, say, show_json
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


@app.command(epilog=EPILOG)
def send(
    file: Annotated[Path | None, typer.Argument(help="JSON or JSONL file of events (- for stdin).")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Type of a single event, for example crm.deal.won.")
    ] = None,
    data: Annotated[str, typer.Option(help="Data of the event, as JSON.")] = "{}",
    tenant: Annotated[str, typer.Option(help="Tenant of the event.")] = "default",
    time: Annotated[str | None, typer.Option(help="Event time, RFC 3339; default: now.")] = None,
    event_id: Annotated[str | None, typer.Option("--id", help="Id of the event; default: a new one.")] = None,
    source: Annotated[str, typer.Option(help="Source of the event.")] = "/cli",
    force: Annotated[bool, typer.Option("--force", help="Also send invalid events; they become dead letters.")] = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Send one event, or a file of events. Each goes to the topic of its type; prints the topic, partition and offset.

    Events that a worker would reject are not sent: the error names the field, and the exit code is 2.

    Example: crmkpi send --tenant acme --type crm.deal.won --data '{"deal_id": "D-1"}'
    """
    if (file is None) == (type_ is None):
        raise CliError("give either a file of events or --type TYPE, not both")
    events = _from_file(file) if file else [_from_flags(type_, data, tenant, time, event_id, source)]
    place = settings(kafka)
    if not force:
        check(events, place)
    deliver(events, place, as_json=as_json)


def deliver(events: list[bytes], place: Settings, *, as_json: bool) -> None:
    """Send events as they are, each to the topic of its type, and print where it landed."""
    landed = asyncio.run(_send(place, events))
    if as_json:
        show_json([one._asdict() for one in landed])
        return
    for one in landed:
        line(f"{one.type} -> {one.topic} partition {one.partition} offset {one.offset}")


def _from_file(path: Path) -> list[bytes]:
    lines = [line.raw for line in read_lines(path)]
    if len(lines) > 1 and parsed(lines[0]) is None:  # not JSONL: one document over several lines
        lines = [b"\n".join(lines)]
    try:
        found = orjson.loads(lines[0]) if len(lines) == 1 else None
    except orjson.JSONDecodeError:
        return lines
    return list(map(orjson.dumps, found)) if isinstance(found, list) else lines


def _from_flags(
    type_: str | None, data: str, tenant: str, time: str | None, event_id: str | None, source: str
) -> bytes:
    try:
        body: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise CliError(f"--data is not valid JSON: {error}") from error
    when = time or datetime.now(UTC).isoformat(timespec="milliseconds")
    envelope = {"specversion": "1.0", "id": event_id or str(uuid.uuid4()), "source": source, "type": type_}
    return orjson.dumps({**envelope, "time": when, "tenantid": tenant, "data": body})


def check(events: list[bytes], place: Settings) -> None:
    """Raise CliError when a worker would reject one of the events; what is only odd is said."""
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


async def _send(place: Settings, events: list[bytes]) -> list[Landed]:
    heads = [parsed(raw) or {} for raw in events]
    topics = [topic_of(place, head.get("type")) for head in heads]
    async with feed(place.kafka) as kafka:
        landed: list[Landed] = []
        for raw, head, topic in zip(events, heads, topics, strict=True):
            done = await (await kafka.send(topic, raw, key=key_of(head)))
            landed.append(Landed(str(head.get("type", "?")), topic, done.partition, done.offset))
        return landed
