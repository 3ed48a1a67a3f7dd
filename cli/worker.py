"""`crmkpi worker`: runs worker processes."""

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Annotated, Final

import typer

from cli.exits import EPILOG, OK, REFUSED, CliError
from cli.flags import KafkaFlag, RedisFlag, settings
from cli.moment import as_of_ms
from cli.root import app
from cli.term import json_line, say
from cli.workers import Workers, worker_command, worker_environment
from models.settings import Settings
from ops import logs
from ops.kafka_reach import Trouble, look
from ops.kafka_rights import rights

TRIES: Final = 3  # a starting broker may refuse what it grants a moment later
PAUSE_S: Final = 1.0


@app.command(epilog=EPILOG)
def worker(
    processes: Annotated[int, typer.Option(min=1, max=256, help="Number of processes; one per core is enough.")] = 1,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="T", help="Freeze the clock at 2026-10-31 (end of that day) or 2026-10-31T12:00:00Z."),
    ] = None,
    hold: Annotated[
        bool,
        typer.Option("--hold", help="If a restart would not help (code 78), stay up, idle."),
    ] = False,
    kafka: KafkaFlag = None,
    redis: RedisFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report on the workers as JSON lines on stderr.")] = False,
) -> None:
    """Run workers until Ctrl-C. One that fails (code 70) is restarted and restores its state from Kafka.

    --as-of changes what is published, not what is counted: another moment needs no reprocessing.

    --hold is for container engines that restart whatever exits: the container stays up, unhealthy, without a worker.

    Example: crmkpi worker --processes 2

    Example: crmkpi worker --as-of 2026-10-31
    """

    def tell(line: str) -> None:
        say(json_line({"worker": line}) if as_json and not logs.as_json() else line)

    try:
        place = settings(kafka, redis)
        moment = as_of_ms(as_of, place.tenant.tz) if as_of else None
        code = _run(place, processes, moment, tell)
    except CliError as error:
        if not hold:
            raise
        tell(str(error))
        code = error.code
    if code != OK and hold:
        _hold(tell)
    raise typer.Exit(code)


def _run(place: Settings, processes: int, moment: int | None, tell: Callable[[str], None]) -> int:
    if refusal := asyncio.run(_refusal(place)):
        tell(refusal)
        return REFUSED
    return Workers(worker_command(moment), worker_environment(place), processes, tell).run()


async def _refusal(place: Settings) -> str:
    """Why no worker could run here; empty if one could, or if Kafka is merely unavailable.

    Checked at the start only: a worker refused later, during a rotation, retries.
    """
    text = ""
    for number in range(TRIES):
        await asyncio.sleep(PAUSE_S if number else 0)
        found = await look(place.kafka)
        if not isinstance(found, Trouble):
            return await _missing_rights(place)
        if not found.lasting:
            return ""
        text = f"Kafka at {place.kafka.bootstrap_servers}: {found.found}; {found.fix}"
    return text


async def _missing_rights(place: Settings) -> str:
    check = await rights(place)
    return "" if check.ok else f"Kafka rights: {check.found}; {'; '.join(check.fix.splitlines())}"


def _hold(tell: Callable[[str], None]) -> None:
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    tell("holding: no worker is running. Fix the problem above, then restart")
    asked.wait()
