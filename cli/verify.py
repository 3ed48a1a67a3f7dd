"""`crmkpi verify`: proof that what is published equals a full recount."""

import asyncio
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from cli.audit import Audit
from cli.book import workers_book
from cli.exits import DIFFERENT, EPILOG
from cli.flags import JsonFlag, KafkaFlag, RedisFlag, settings, settings_file
from cli.recount import Verdict
from cli.root import app
from cli.show import number
from cli.term import bar, line, say, show_json


@app.command(epilog=EPILOG)
def verify(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    config: Annotated[Path | None, typer.Option(help="The workers' tenant settings; default: crmkpi.toml.")] = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="The workers are running with --as-of.")] = False,
    kafka: KafkaFlag = None,
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare published numbers with a full recount. Cells with their facts, facts with the journal, Redis with both.

    Read-only and at fixed positions, so it terminates, and agrees, while events flow. Exit code 0: verified, even if
    the beginning of the journal is gone (it then reports the horizon); 1: something differs or could not be compared.

    Example: crmkpi verify --tenant acme
    """
    place = settings(kafka, redis)
    book = workers_book(place, config or settings_file())
    with bar() as progress:
        verdict = asyncio.run(Audit(place, book, tenant, not frozen).run(records_bar(progress)))
    if as_json:
        show_json(as_dict(verdict))
    else:
        line(summary(verdict))
    say(*verdict.notes, *verdict.shown)
    if not verdict.verified:
        raise typer.Exit(DIFFERENT)


def records_bar(progress: Progress) -> Any:
    """A progress bar for journal records."""
    task = progress.add_task("recounting the journal", total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def summary(verdict: Verdict) -> str:
    """The verdict in one line."""
    facts, cells, kpis = map(number, (verdict.facts, verdict.cells, verdict.kpis))
    if verdict.different:
        return f"DIFFERENT: {verdict.different} of {facts} facts, {cells} cells and {kpis} published KPIs differ"
    word = "verified" if verdict.verified else "NOT COMPLETE"
    if verdict.horizon is None:
        text = f"{cells} cells, {facts} facts and {kpis} published KPIs equal a recount of {verdict.records} records"
    else:
        text = (
            f"all cells equal their facts, {kpis} published KPIs equal both, and the {verdict.records} records of the "
            f"journal are in the facts; recounted since {_day(verdict.horizon)}, older facts are taken from the state"
        )
    return "; ".join([f"{word}: {text}", *_asides(verdict)])


def _asides(verdict: Verdict) -> Iterator[str]:
    if verdict.identity_conflicts:
        yield f"{verdict.identity_conflicts} links left out: by them two customers, users or leads would be one"
    if verdict.quarantined:
        yield f"{verdict.quarantined} quarantined events are left out (crmkpi dlq ls --reason engine_error)"
    if verdict.totals_only:
        yield f"{verdict.totals_only} tenants compared by totals only: their segments were still being published"


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON."""
    counts = {
        key: getattr(verdict, key)
        for key in ("lanes", "records", "facts", "cells", "kpis", "different", "identity_conflicts")
    }
    counts |= {"quarantined": verdict.quarantined, "totals_only": verdict.totals_only}
    counts["horizon"] = None if verdict.horizon is None else _day(verdict.horizon)
    counts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return {"verified": verdict.verified, **counts, "notes": verdict.notes, "differences": verdict.shown}
