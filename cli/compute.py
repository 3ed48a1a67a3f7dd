"""`crmkpi compute`: every KPI of files of events, without any server."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.asked import Asked, Form, asked_for, check_series, form_of
from cli.book import load_book
from cli.count import Counted, Tally, count_files, the_tenants
from cli.exits import DIFFERENT, EPILOG
from cli.flags import JsonFlag
from cli.nearly import unused_deals
from cli.periods import Series
from cli.root import app
from cli.series import replay_files
from cli.show import documents_table
from cli.table import write_csv
from cli.term import out, say, show_json
from models.tenants import TenantBook

Names = list[str] | None
Documents = Iterable[dict[str, Any]]


@app.command(epilog=EPILOG)
def compute(
    files: Annotated[list[Path], typer.Argument(help="JSONL files of events (- for stdin).")],
    as_of: Annotated[str, typer.Option(help="Exclusive end; a date alone means the end of that local day.")],
    series: Annotated[
        str | None, typer.Option(help="At the end of every day, week or month that is over, from --from on.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="With --series: a date in its first period, or a month as 2026-01.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone; overrides the settings.")] = None,
    currency: Annotated[str | None, typer.Option(help="Reporting currency; overrides the settings.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with tenant settings.")] = None,
    window: Annotated[
        Names, typer.Option(help="Only this window (repeatable); of a series: instead of today, week or month.")
    ] = None,
    kpi: Annotated[Names, typer.Option(help="Only this KPI (repeatable).")] = None,
    segment: Annotated[Names, typer.Option(help="Totals and only this dimension (repeatable).")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if any line was refused.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout instead of text.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compute KPIs from files of events, without a server. Shows every KPI at one moment, as a worker would publish it.

    With --series at the end of every day, week or month: each as --as-of that end shows it, in one pass over the files.
    Its --json is a document a line.

    Later events are left out and their number is reported on stderr, as is what was refused, by reason and first lines.

    Example: crmkpi compute examples/events.jsonl --as-of 2026-10-31 --kpi win_rate --window 30d --json

    Example: crmkpi compute examples/events.jsonl --series month --from 2026-01 --as-of 2026-10-31 --kpi win_rate --csv
    """
    check_series(series, since)
    form = form_of(as_json=as_json, as_csv=as_csv)
    asked = asked_for(window, kpi, segment, series)
    book = load_book(config, tz=tz, currency=currency, dimensions=asked.own, kpis=asked.kpis, windows=asked.windows)
    if series and since:
        tally = _show_series(files, book, Series(series, since, as_of), asked, tenant, form)
    else:
        tally = _show(files, book, as_of, asked, tenant, form)
    if strict and tally.refused:
        raise typer.Exit(DIFFERENT)


def _show(files: Sequence[Path], book: TenantBook, as_of: str, asked: Asked, tenant: str | None, form: Form) -> Tally:
    tally = count_files(files, book, as_of)
    _report(tally, book, asked, "at or after --as-of")
    found = list(_wanted(_documents(tally, the_tenants(tally, tenant)), asked))
    if form == "json":
        show_json(found)
    elif form == "csv":
        write_csv(found)
    else:
        _print(found, f"as of {as_of}", bool(asked.dimensions))
    return tally


def _show_series(
    files: Sequence[Path], book: TenantBook, series: Series, asked: Asked, tenant: str | None, form: Form
) -> Tally:
    tally = replay_files(files, book, series)
    found = _wanted(tally.documents(the_tenants(tally, tenant)), asked)
    if form == "json":
        for document in found:
            show_json(document)
    elif form == "csv":
        write_csv(found)
    else:
        _print(list(found), f"by {series.unit}", bool(asked.dimensions))
    _report(tally, book, asked, f"after the last {series.unit}")
    return tally


def _print(documents: Sequence[dict[str, Any]], what: str, segments: bool) -> None:
    """A table for each tenant; without --segment only the totals."""
    shown = [doc for doc in documents if segments or not doc["segment"]]
    for tenant in dict.fromkeys(doc.get("tenant") for doc in shown):
        own = [doc for doc in shown if doc.get("tenant") == tenant]
        out().print(documents_table(own, " ".join(filter(None, [tenant, what]))))
    if len(shown) < len(documents):
        say(f"{len(documents) - len(shown)} segment documents not shown: use --segment DIM or --json")


def _documents(tally: Counted, tenants: Sequence[str]) -> Iterator[dict[str, Any]]:
    """All documents; with several tenants, each names its own."""
    rev = {"rev": f"0.{tally.lines}"}
    for tenant in tenants:
        whose = {"tenant": tenant} if len(tenants) > 1 else {}
        for document in tally.engine.documents(tenant, tally.ends.of(tenant), live=False, full=True):
            yield {**whose, **document, **rev}


def _wanted(documents: Documents, asked: Asked) -> Iterator[dict[str, Any]]:
    return (doc for doc in documents if asked.shows(doc["window"], doc["kpi"], doc["segment"]))


def _report(tally: Tally, book: TenantBook, asked: Asked, later: str) -> None:
    say(*tally.refused.lines(), *tally.notes.lines())
    for tenant, types in tally.types.items() if asked.revenue else ():
        if note := unused_deals(tenant, types, book[tenant].revenue_from):
            say(note)
    counted = sum(tally.accepted.values())
    say(f"{tally.lines} lines: {counted} events counted, {len(tally.refused)} refused, {tally.ignored} {later} ignored")
