"""`crmkpi collector`: receives events over HTTP; and creates its write keys."""

import asyncio
import hashlib
import secrets
import socket
import time
from datetime import datetime
from typing import Annotated, Final

import typer

from cli.exits import EPILOG, CliError
from cli.flags import KafkaFlag, settings
from cli.listening import COLLECTOR_PORT, is_near, listener, url
from cli.root import Group, app
from cli.term import json_line, line, say, show_json
from models.collecting import WriteKey
from models.settings import Settings
from ops.logs import set_up_logs

KEY_BYTES: Final = 24

collector = typer.Typer(name="collector", cls=Group, help="Take events over HTTP.", rich_markup_mode=None)
app.add_typer(collector, name="collector", epilog=EPILOG)


@collector.callback(invoke_without_command=True)
def collect(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; other than this machine needs write keys.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; default: the first free from 8081.")] = None,
    kafka: KafkaFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as one JSON line.")] = False,
) -> None:
    """Receive events over HTTP until Ctrl-C: Segment and RudderStack clients, CloudEvents, web pages, webhooks.

    Without write keys only this machine may send, and a tenant's name is its key; docs/collect.md says how to let
    others in.

    Example: crmkpi collector --port 8082
    """
    if context.invoked_subcommand is not None:
        return
    place = settings(kafka)
    _check_host(place, host)
    set_up_logs()
    with listener(host, port, COLLECTOR_PORT) as bound:
        address = url(*bound.getsockname()[:2])
        if port is None and bound.getsockname()[1] != COLLECTOR_PORT:
            say(f"port {COLLECTOR_PORT} is in use: the collector is on the next free one")
        if as_json:
            typer.echo(json_line({"collector": address}))
        else:
            line(f"collector: {address}", "Ctrl-C stops it.")
        asyncio.run(_serve(place, bound))


@collector.command("key", epilog=EPILOG)
def new_key(
    tenant: Annotated[str, typer.Option(help="Whose events it writes.")],
    source: Annotated[str, typer.Option(help="Where they come from, as numbers name it.")],
    origin: Annotated[list[str] | None, typer.Option(help="A web site whose pages may use it.")] = None,
    until: Annotated[datetime | None, typer.Option(help="When it ends, UTC.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of text.")] = False,
) -> None:
    """Create a write key and print the settings for it. The key itself is shown only once.

    Example: crmkpi collector key --tenant acme --source /web --origin https://acme.example
    """
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = hashlib.sha256(key.encode()).hexdigest()
    ends = until.isoformat() + "Z" if until else None
    given = {"sha256": digest, "tenant": tenant, "source": source, "origins": tuple(origin or ()), "until": ends}
    try:
        WriteKey.model_validate(given)
    except ValueError as error:
        raise CliError(f"this key would be refused: {_first(error)}") from error
    setting = {name: value for name, value in given.items() if value}
    if as_json:
        show_json({"key": key, "setting": setting})
        return
    lines = [f"{name} = {_toml(value)}" for name, value in setting.items()]
    line(f"key: {key}", "", "In crmkpi.toml:", "", "[[collect.keys]]", *lines)


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return '"{}"'.format(str(value).replace("\\", "\\\\").replace('"', '\\"'))


def _first(error: ValueError) -> str:
    from pydantic import ValidationError

    from models.tenants import complaints

    return complaints(error)[0] if isinstance(error, ValidationError) else str(error)


async def _serve(place: Settings, bound: socket.socket) -> None:
    from aiokafka.errors import KafkaError

    from cli.away import kafka_away
    from collectors.server.serve import serve  # keep `--help` fast: no web server

    try:
        await serve(place, bound, lambda: int(time.time() * 1000))
    except (KafkaError, OSError, TimeoutError) as error:
        raise kafka_away(place.kafka, error) from error


def _check_host(place: Settings, host: str) -> None:
    collect = place.collect
    if not (collect.keys or collect.webhooks or collect.open or is_near(host)):
        raise CliError(
            f"--host {host} can be reached from other machines: set collect.keys (docs/collect.md), or collect.open if "
            "something else decides who may send"
        )
