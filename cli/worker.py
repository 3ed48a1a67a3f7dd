"""`crmkpi worker`: the processes that count."""

from typing import Annotated

import typer

from cli.exits import EPILOG
from cli.flags import KafkaFlag, RedisFlag, settings
from cli.moment import as_of_ms
from cli.root import app
from cli.term import json_line, say
from cli.workers import Workers, worker_command, worker_environment
from ops import logs


@app.command(epilog=EPILOG)
def worker(
    processes: Annotated[int, typer.Option(min=1, max=256, help="How many; one a core is enough.")] = 1,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="T", help="Freeze the clock at 2026-10-31 (that day's end) or 2026-10-31T12:00:00Z."),
    ] = None,
    kafka: KafkaFlag = None,
    redis: RedisFlag = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="What happens to the workers as JSON lines on stderr.")
    ] = False,
) -> None:
    """Run workers until Ctrl-C. One that stops itself (code 70) is started again; its state comes back from Kafka.

    --as-of changes what is published, not what is counted: another moment needs no reprocessing.

    Example: crmkpi worker --processes 2

    Example: crmkpi worker --as-of 2026-10-31
    """
    place = settings(kafka, redis)
    moment = as_of_ms(as_of, place.tenant.tz) if as_of else None

    def tell(line: str) -> None:
        say(json_line({"worker": line}) if as_json and not logs.as_json() else line)

    workers = Workers(worker_command(moment), worker_environment(place), processes, tell)
    raise typer.Exit(workers.run())
