"""`crmkpi import`: files of events, or of anything a mapping turns into events, into Kafka."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import orjson
import typer

from cli.csvfile import load_mapping, read_rows
from cli.exits import DIFFERENT, EPILOG, CliError
from cli.feed import feed
from cli.flags import JsonFlag, KafkaFlag, settings
from cli.lines import completed, count_lines, parsed, read_lines
from cli.mapping import CsvMapping, RowError, events_of
from cli.pace import PARCEL, Pacer, pacer
from cli.root import app
from cli.route import key_of, topic_of
from cli.term import json_line, say, show_json, track
from models.settings import Settings


class Prepared(NamedTuple):
    """What the lines of the files became."""

    records: Iterator[bytes]
    skipped: list[str]  # "name, line N: why"; filled while ``records`` is read


@dataclass
class Speed:
    """At full speed, or as a pacer says."""

    full: bool
    pacer: Pacer | None = None

    def note(self) -> str:
        """For the progress line."""
        return self.pacer.note if self.pacer else "at full speed"


@app.command("import", epilog=EPILOG)
def import_file(
    files: Annotated[list[Path], typer.Argument(help="JSONL files of events (- for stdin), or CSVs with --mapping.")],
    mapping: Annotated[Path | None, typer.Option(help="TOML file that maps CSV rows to events.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant for events that name none (CSV: for all).")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of dates without an offset; overrides the mapping.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the events as JSONL; send nothing.")] = False,
    full_speed: Annotated[
        bool, typer.Option("--full-speed", help="Do not throttle to what the workers can take.")
    ] = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Import events from files. Importing a file twice only creates duplicates, which change no number.

    Keeps about two seconds of work in flight, so that other tenants' numbers stay fresh.

    Example: crmkpi import sales_pipeline.csv --mapping examples/crm_opportunities.toml --tenant crm
    """
    if mapping is None and (table := next((f for f in files if f.suffix.lower() == ".csv"), None)):
        raise CliError(f"{table} is a CSV file: --mapping FILE must say how its rows become events")
    plan = load_mapping(mapping, tenant, tz) if mapping else None
    skipped: list[str] = []
    speed = Speed(full_speed or dry_run)
    records = (record for path in files for record in _records(path, plan, tenant, skipped, speed))
    sent = _print_all(records) if dry_run else asyncio.run(_send_all(settings(kafka), records, speed))
    _report(sent, skipped, dry_run, as_json)


def _records(
    path: Path, plan: CsvMapping | None, tenant: str | None, skipped: list[str], speed: Speed
) -> Iterator[bytes]:
    total = count_lines(path)
    if plan is None:
        lines = track(read_lines(path), total, f"reading {path.name}", speed.note)
        return (completed(line, tenant) for line in lines)
    return _from_csv(path, plan, total, skipped, speed)


def _from_csv(path: Path, plan: CsvMapping, total: int | None, skipped: list[str], speed: Speed) -> Iterator[bytes]:
    for number, cells in track(read_rows(path, plan), total and total - 1, f"reading {path.name}", speed.note):
        try:
            events = list(events_of(plan, cells, path.name, number))
        except RowError as error:
            skipped.append(f"{path.name}, line {number}: {error}")
            continue
        yield from map(orjson.dumps, events)


def _print_all(records: Iterator[bytes]) -> int:
    count = 0
    for record in records:
        count += 1
        event = parsed(record)
        typer.echo(record.decode(errors="replace") if event is None else json_line(event))
    return count


async def _send_all(place: Settings, records: Iterator[bytes], speed: Speed) -> int:
    async with feed(place.kafka) as kafka, AsyncExitStack() as stack:
        if not speed.full:
            speed.pacer = await stack.enter_async_context(pacer(place))
        for number, record in enumerate(records, start=1):
            event = parsed(record) or {}
            await kafka.send(topic_of(place, event.get("type")), record, key=key_of(event))
            if speed.pacer and number % PARCEL == 0:
                await speed.pacer.sent(await kafka.flush())
        await kafka.flush()
        return kafka.acknowledged


def _report(sent: int, skipped: list[str], dry_run: bool, as_json: bool) -> None:
    say(*skipped)
    if as_json and not dry_run:
        show_json({"sent": sent, "skipped": len(skipped)})
    else:
        say(f"{sent} events {'printed' if dry_run else 'sent and acknowledged'}, {len(skipped)} lines skipped")
    if skipped:
        raise typer.Exit(DIFFERENT)
