"""`crmkpi verify`: proof that what is published equals a full recount."""

import asyncio
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
    config: Annotated[Path | None, typer.Option(help="Tenant settings of the workers; default crmkpi.toml.")] = None,
    frozen: Annotated[bool, typer.Option("--frozen", help="The workers run with --as-of.")] = False,
    kafka: KafkaFlag = None,
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare cells with their facts, facts with a recount of the journal, and published numbers with that recount.

    Reads only. While events flow the published numbers may be ahead: try again then. Exit code 1 when anything differs.

    Example: crmkpi verify --tenant acme
    """
    place = settings(kafka, redis)
    book = workers_book(place, config or settings_file())
    with bar() as progress:
        verdict = asyncio.run(Audit(place, book, tenant, not frozen).run(lanes_bar(progress)))
    if as_json:
        show_json(as_dict(verdict))
    else:
        line(summary(verdict))
    say(*verdict.notes, *verdict.shown)
    if not verdict.verified:
        raise typer.Exit(DIFFERENT)


def lanes_bar(progress: Progress) -> Any:
    """What shows the lanes passing by."""
    task = progress.add_task("recounting lanes", total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def summary(verdict: Verdict) -> str:
    """The verdict in one line."""
    facts, cells, kpis = map(number, (verdict.facts, verdict.cells, verdict.kpis))
    if verdict.different:
        return f"DIFFERENT: {verdict.different} of {facts} facts, {cells} cells and {kpis} published KPIs differ"
    word = "verified" if verdict.verified else "NOT COMPLETE"
    aside = f"; {verdict.identity_conflicts} links that would join two customers stand aside"
    return (
        f"{word}: {cells} cells, {facts} facts and {kpis} published KPIs equal a recount of {verdict.records} records"
        f"{aside if verdict.identity_conflicts else ''}"
    )


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """The verdict for machines."""
    counts = {
        key: getattr(verdict, key)
        for key in ("lanes", "records", "facts", "cells", "kpis", "different", "identity_conflicts")
    }
    return {"verified": verdict.verified, **counts, "notes": verdict.notes, "differences": verdict.shown}
