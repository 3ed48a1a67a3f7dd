"""`crmkpi import`: sends files of events, or of rows that a mapping turns into events, to Kafka."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli.book import workers_book
from cli.csvfile import Sheet, load_mapping
from cli.exits import DIFFERENT, EPILOG, CliError
from cli.feed import feed
from cli.flags import JsonFlag, KafkaFlag, settings, settings_file
from cli.garbage import no_collector
from cli.guess import guessed
from cli.importing import Batch, Checks, Found, Rejects, Table, events_in, sheets_of
from cli.ledger import Ledger, default_path
from cli.lines import count_lines, parsed
from cli.mapping import CsvMapping
from cli.pace import PARCEL, Pacer, pacer
from cli.ready import mapping_file
from cli.root import app
from cli.term import bar, harmless, line, say, show_json
from models.route import key_of, topic_of
from models.settings import Settings
from models.validate import Known


@dataclass
class Speed:
    """Full speed, or paced."""

    full: bool
    pacer: Pacer | None = None

    def note(self) -> str:
        """For the progress line."""
        return self.pacer.note if self.pacer else "at full speed"


@dataclass
class Job:
    """One run of the command."""

    files: list[Path]
    plan: CsvMapping | None
    tenant: str | None
    checks: Checks
    ledger: Ledger
    rejects: Rejects
    speed: Speed
    found: Found
    resume: bool

    def batches(self, sheets: list[Sheet | None]) -> Iterator[Batch]:
        """The events of all files, with a progress bar."""
        for path, sheet in zip(self.files, sheets, strict=True):
            with bar() as progress:
                what = f"reading {path.name}"
                task = progress.add_task(what, total=sheet.rows if sheet else count_lines(path))
                for batch in self._of(path, sheet):
                    yield batch
                    progress.update(task, advance=len(batch.records), description=f"{what}, {self.speed.note()}")

    def _of(self, path: Path, sheet: Sheet | None) -> Iterator[Batch]:
        if sheet is None or self.plan is None:
            return events_in(path, self.tenant, self.checks, self.found, self.rejects)
        say(sheet.form())
        table = Table(sheet, self.plan, self.ledger, self.found, resume=self.resume)
        return table.batches(self.checks, self.rejects)


@app.command("import", epilog=EPILOG)
def import_file(
    files: Annotated[list[Path], typer.Argument(help="JSONL files of events (- for stdin), or CSVs with --mapping.")],
    mapping: Annotated[
        Path | None, typer.Option(help="TOML file that maps CSV rows to events, or the name of a ready one.")
    ] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="Print a mapping for a CSV, to be checked; send nothing.")
    ] = False,
    tenant: Annotated[str | None, typer.Option(help="Tenant for events that name none (CSV: for all).")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of dates without an offset; overrides the mapping.")] = None,
    currency: Annotated[
        str | None, typer.Option(help="Currency of amounts of a CSV that have none; overrides the mapping.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the events as JSONL; send nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="Write lines left out to this file, to be mended and imported.")
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="File that remembers imported rows; default: with the user's other state.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Do not send again what the ledger knows as sent.")] = False,
    full_speed: Annotated[
        bool, typer.Option("--full-speed", help="Do not throttle to what the workers can take.")
    ] = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Import events from files. Importing a file twice only creates duplicates, which change no number.

    Lines that a worker would refuse are left out, by reason and first lines: exit code 1. Of a CSV that was imported
    before, rows that are new are added and rows that have changed are corrected.

    Keeps about two seconds of work in flight, so that other tenants' numbers stay fresh.

    Example: crmkpi import sales_pipeline.csv --mapping examples/crm_opportunities.toml --tenant crm
    """
    if guess:
        for path in files:
            line(*guessed(path).split("\n"))
        return
    if mapping is None and (table := next((f for f in files if f.suffix.lower() in (".csv", ".tsv")), None)):
        raise CliError(
            f"{table} is a CSV file: --mapping FILE must say how its rows become events (--guess writes a first one)"
        )
    plan = load_mapping(mapping_file(mapping), tenant, tz, currency) if mapping else None
    place = settings(kafka)
    book = workers_book(place, settings_file())
    checks = Checks(Known(book, closed=not book.open), dry_run)
    # What was printed is remembered apart from what was sent, and by its mapping: tries do not touch each other.
    where = f"print {mapping and mapping.resolve()}" if dry_run else f"kafka {place.kafka.bootstrap_servers}"
    found, speed = Found(), Speed(full_speed or dry_run)
    with _ledger(plan, ledger, where) as book_of_rows, Rejects(rejects) as left:
        job = Job(files, plan, tenant, checks, book_of_rows, left, speed, found, resume)
        sheets = sheets_of(files, plan)
        left.check(sheets)
        batches = job.batches(sheets)
        with no_collector():
            sent = _print_all(job, batches) if dry_run else asyncio.run(_send_all(place, job, batches))
    _report(sent, found, rejects, dry_run, as_json)


def _ledger(plan: CsvMapping | None, path: Path | None, where: str) -> Ledger:
    if plan is None or plan.revision:
        return Ledger(None, where)
    if path:
        return Ledger(path, where)
    try:
        return Ledger(default_path(), where)
    except CliError as error:
        say(f"{error}; without it, rows that have changed since an earlier import become conflicts")
        return Ledger(None, where)


def _print_all(job: Job, batches: Iterator[Batch]) -> int:
    count = 0
    for batch in batches:
        job.ledger.keep(batch.entries)
        sys.stdout.write("".join(f"{harmless(record.decode(errors='replace'))}\n" for record in batch.records))
        count += len(batch.records)
    sys.stdout.flush()
    return count


async def _send_all(place: Settings, job: Job, batches: Iterator[Batch]) -> int:
    async with feed(place.kafka) as kafka, AsyncExitStack() as stack:
        if not job.speed.full:
            job.speed.pacer = await stack.enter_async_context(pacer(place))
        number = 0
        for batch in batches:
            job.ledger.keep(
                batch.entries
            )  # before the first is sent, so that after a kill the same rows get the same ids
            for record in batch.records:
                number += 1
                event = parsed(record) or {}
                await kafka.send(topic_of(place, event.get("type")), record, key=key_of(event))
                if job.speed.pacer and number % PARCEL == 0:
                    await job.speed.pacer.sent(await kafka.flush())
            landed = await kafka.flush()
            if job.speed.pacer:
                await job.speed.pacer.sent(landed)
            job.ledger.keep((key, entry._replace(sent=True)) for key, entry in batch.entries)
        return kafka.acknowledged


def _report(sent: int, found: Found, rejects: Path | None, dry_run: bool, as_json: bool) -> None:
    say(*found.refused.lines(), *found.notes.lines())
    for name, count in found.future.items():
        say(f"{name}: {count} events lie in the future: a worker refuses them until then")
    if as_json and not dry_run:
        rows = {"corrected": found.corrected, "repeated": found.repeated, "unused": found.unused, "known": found.known}
        show_json({"sent": sent, "left_out": len(found.refused), "reasons": found.refused.by_reason, **rows})
    else:
        more = {
            "rows corrected": found.corrected,
            "rows without an event": found.unused,
            "rows repeated": found.repeated,
            "events sent before": found.known,
        }
        words = [f"{count} {what}" for what, count in more.items() if count]
        done = f"{sent} events {'printed' if dry_run else 'sent and acknowledged'}"
        say(", ".join([done, *words, f"{len(found.refused)} lines left out"]))
    if found.refused:
        if rejects:
            say(f"{rejects} has the lines left out: mend them there and import that file")
        raise typer.Exit(DIFFERENT)
