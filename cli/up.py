"""`crmkpi up`: runs everything on this machine until Ctrl-C."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.exits import EPILOG, UNAVAILABLE, CliError
from cli.lag import lag_reader
from cli.listening import COLLECTOR_PORT, DASHBOARD_PORT
from cli.root import app
from cli.server_process import ServerProcess, alert_runner
from cli.term import json_line, line, say
from cli.topics import ensure_topics
from cli.workers import Workers, place_of, worker_command, worker_environment
from models.settings import Settings
from ops.local import ServerError, Servers, local_servers
from ops.local.unit import Given, shown


@app.command(epilog=EPILOG)
def up(
    processes: Annotated[int, typer.Option(min=1, max=256, help="Number of worker processes.")] = 1,
    kafka_port: Annotated[int, typer.Option(help="Port for Kafka if started here; 0: any free port.")] = 0,
    redis_port: Annotated[int, typer.Option(help="Port for Redis if started here; 0: any free port.")] = 0,
    keep: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder in which Kafka's data stays, to go on with it next time."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as one JSON line.")] = False,
) -> None:
    """Run servers, topics and workers until Ctrl-C. Finds or starts Kafka and Redis, and prints their addresses.

    What was started here is gone afterwards, with its events, unless they are kept with --keep.

    Example: crmkpi up --keep data
    """
    try:
        with local_servers(say, kafka_port=kafka_port, redis_port=redis_port, keep=keep) as servers:
            code = _run(servers, processes, as_json, ending(servers, keep))
    except ServerError as error:
        raise CliError(str(error), UNAVAILABLE) from error
    raise typer.Exit(code)


def _run(servers: Servers, processes: int, as_json: bool, end: str) -> int:
    place = place_of(servers)
    ensure_topics(place)
    asyncio.run(_groups_answer(place))
    # These lines are meant to be copied: a worker's routine log would scroll them away.
    environment = {"CRMKPI_LOG_LEVEL": "warning", **worker_environment(place)}
    workers = Workers(worker_command(), environment, processes, say)
    collector = ServerProcess("collector", COLLECTOR_PORT, environment, say)
    shows = {**environment, "CRMKPI_SERVE_COLLECTOR": collector.address}
    alerts = alert_runner(environment, say)
    with servers.kept(say), collector, alerts, ServerProcess("serve", DASHBOARD_PORT, shows, say) as dashboard:
        if as_json:
            known = {
                "collector": collector.address,
                "kafka": servers.kafka.bootstrap,
                "redis": shown(servers.redis.url),
            }
            typer.echo(json_line({"dashboard": dashboard.address, **known}))
        else:
            line(f"Dashboard: {dashboard.address}", f"Collector: {collector.address}", *addresses(servers), end)
        return workers.run()


async def _groups_answer(place: Settings) -> None:
    """Wait until a fresh broker is ready for consumer groups: workers would log errors until then."""
    async with lag_reader(place) as lags:
        await lags.read()


def addresses(servers: Servers) -> list[str]:
    """Lines to paste into another terminal."""
    lines = [
        f"export KAFKA_BOOTSTRAP_SERVERS={servers.kafka.bootstrap}",
        f"export REDIS_URL={shown(servers.redis.url)}",
    ]
    return ["Paste into a second terminal:", *(f"  {text}" for text in lines)]


def ending(servers: Servers, keep: Path | None) -> str:
    """What happens to the data when the command ends."""
    if isinstance(servers.kafka.unit, Given):
        return "Ctrl-C here stops the workers."
    if keep is not None:
        return f"Ctrl-C here stops everything; the events stay in {keep}."
    return "Ctrl-C here stops everything and deletes its events (to keep them: crmkpi up --keep FOLDER)."
