"""`crmkpi send`: sends one event, or a few, to the right topic."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import EPILOG, CliError
from cli.flags import JsonFlag, KafkaFlag, settings
from cli.root import app
from cli.term import line, show_json

if TYPE_CHECKING:
    from models.settings import Settings


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
    from cli.sending import check, from_file, from_flags  # validation and clients of servers are slow to load

    events = from_file(file) if file else [from_flags(type_, data, tenant, time, event_id, source)]
    place = settings(kafka)
    if not force:
        check(events, place)
    deliver(events, place, as_json=as_json)


def deliver(events: list[bytes], place: "Settings", *, as_json: bool) -> None:
    """Send events as they are, each to the topic of its type, and print where it landed."""
    from cli.sending import send_all

    landed = asyncio.run(send_all(place, events))
    if as_json:
        show_json([one._asdict() for one in landed])
        return
    for one in landed:
        line(f"{one.type} -> {one.topic} partition {one.partition} offset {one.offset}")
