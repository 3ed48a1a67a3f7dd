"""`crmkpi pull`: sends events from databases, Google Analytics exports and CRM APIs to Kafka."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli.exits import DIFFERENT, EPILOG
from cli.flags import JsonFlag, KafkaFlag
from cli.ledger import Ledger, default_path
from cli.pull_settings import pulled_settings, source_of
from cli.pull_state import State, state_path
from cli.root import app


@app.command("pull", epilog=EPILOG)
def pull(
    config: Annotated[Path, typer.Argument(help="Settings file with [[collect.sources]].")],
    source: Annotated[str, typer.Option("--source", help="Name of the source.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the events as JSONL; send nothing.")] = False,
    state: Annotated[
        Path | None,
        typer.Option(help="File that remembers where the source stands; default: with the user's other state."),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="File that remembers rows of databases; default: that of `crmkpi import`.")
    ] = None,
    full_speed: Annotated[
        bool, typer.Option("--full-speed", help="Do not throttle to what the workers can take.")
    ] = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Pull events from a source: what is new or has changed since the last time.

    If interrupted, the next run resumes where Kafka had everything; anything sent twice has the same ids and changes no
    number. Skipped items are listed: exit code 1. With `every` in its settings it runs until Ctrl-C.

    Example: crmkpi pull crmkpi.toml --source shop
    """
    place = pulled_settings(config, kafka)
    asked = source_of(place, config, source)
    where = f"kafka {place.kafka.bootstrap_servers}"
    rows = Ledger(None if dry_run else ledger or default_path(), where)
    with State(state or state_path(asked.name), where, dry=dry_run) as position, rows as book_of_rows:
        from cli.pull_run import Job  # keep `--help` fast: no drivers and clients

        job = Job(place, config, asked, position, book_of_rows, as_json=as_json, full_speed=full_speed)
        left_out = asyncio.run(job.print() if dry_run else job.send())
    if left_out:
        raise typer.Exit(DIFFERENT)
