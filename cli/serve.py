"""`crmkpi serve`: the dashboard and its API."""

import asyncio
import socket
import time
from typing import Annotated

import typer

from cli.book import workers_book
from cli.exits import EPILOG, CliError
from cli.flags import KafkaFlag, RedisFlag, settings, settings_file
from cli.listening import DASHBOARD_PORT, is_near, listener, url
from cli.root import app
from cli.term import json_line, line, say
from models.settings import Settings
from ops.logs import set_up_logs


@app.command(epilog=EPILOG)
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; other than this machine needs tokens.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; default: the first free from 8080.")] = None,
    kafka: KafkaFlag = None,
    redis: RedisFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as one JSON line.")] = False,
) -> None:
    """Serve the dashboard and its API until Ctrl-C. Reads from Redis and queries the workers.

    Without serve_tokens only this machine has access; docs/dashboard.md says how to let others in.

    Example: crmkpi serve --port 8081
    """
    place = settings(kafka, redis)
    _check_host(place, host)
    set_up_logs()
    with listener(host, port, DASHBOARD_PORT) as bound:
        address = url(*bound.getsockname()[:2])
        if port is None and bound.getsockname()[1] != DASHBOARD_PORT:
            say(f"port {DASHBOARD_PORT} is in use: the dashboard is on the next free one")
        if as_json:
            typer.echo(json_line({"dashboard": address}))
        else:
            line(f"dashboard: {address}", "Ctrl-C stops it.")
        asyncio.run(_serve(place, bound))


async def _serve(place: Settings, listener: socket.socket) -> None:
    from cli.served_letters import ServedLetters
    from cli.served_verify import ServedVerify
    from dashboard.serve import Tools, serve  # keep `--help` fast: no web server

    def now() -> int:
        return int(time.time() * 1000)

    letters = ServedLetters(place)
    verifier = ServedVerify(place, lambda: workers_book(place, settings_file()), now)
    tools = Tools(letters, verifier, workers_book(place, settings_file()))
    try:
        await serve(place, listener, now, tools)
    finally:
        await verifier.close()
        await letters.close()


def _check_host(place: Settings, host: str) -> None:
    if not (place.serve_tokens or place.serve_open or is_near(host)):
        raise CliError(
            f"--host {host} can be reached from other machines: set serve_tokens (docs/dashboard.md), or serve_open "
            "if something else decides who may ask"
        )
