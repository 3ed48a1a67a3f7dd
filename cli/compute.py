"""`crmkpi compute`: every KPI of files of events, without any server."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.book import load_book
from cli.count import Tally, count_files, the_tenants
from cli.exits import DIFFERENT, EPILOG
from cli.flags import JsonFlag, check_window, one_of
from cli.root import app
from cli.show import documents_table
from cli.term import out, say, show_json
from kpis.catalog import CATALOG

STANDARD: Final = ("owner", "source", "campaign", "pipeline", "country", "channel")  # dimensions that need no setting
Names = list[str] | None


@app.command(epilog=EPILOG)
def compute(
    files: Annotated[list[Path], typer.Argument(help="JSONL files of events (- for stdin).")],
    as_of: Annotated[str, typer.Option(help="Exclusive end; a date alone means the end of that local day.")],
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone; overrides the settings.")] = None,
    currency: Annotated[str | None, typer.Option(help="Reporting currency; overrides the settings.")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file with tenant settings.")] = None,
    window: Annotated[Names, typer.Option(help="Only this window (repeatable).")] = None,
    kpi: Annotated[Names, typer.Option(help="Only this KPI (repeatable).")] = None,
    segment: Annotated[Names, typer.Option(help="Totals and only this dimension (repeatable).")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if any line was refused.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Compute KPIs from files of events, without a server. Shows every KPI at one moment, as a worker would publish it.

    Later events are left out and their number is reported on stderr, as is what was refused, by reason and first lines.

    Example: crmkpi compute examples/events.jsonl --as-of 2026-10-31 --kpi win_rate --window 30d --json
    """
    for name in window or ():
        check_window(name)
    for name in kpi or ():
        one_of(name, (row.id for row in CATALOG), "KPI")
    own = [dim for dim in segment or () if dim not in STANDARD]
    book = load_book(config, tz=tz, currency=currency, dimensions=own, kpis=kpi or (), windows=window or ())
    tally = count_files(files, book, as_of)
    _report(tally)
    documents = [doc for doc in _documents(tally, the_tenants(tally, tenant)) if _wanted(doc, window, kpi, segment)]
    if as_json:
        show_json(documents)
    else:
        _print(documents, as_of, bool(segment))
    if strict and tally.refused:
        raise typer.Exit(DIFFERENT)


def _print(documents: list[dict[str, Any]], as_of: str, segments: bool) -> None:
    """A table for each tenant; without --segment only the totals."""
    shown = [doc for doc in documents if segments or not doc["segment"]]
    for tenant in dict.fromkeys(doc.get("tenant") for doc in shown):
        own = [doc for doc in shown if doc.get("tenant") == tenant]
        out().print(documents_table(own, " ".join(filter(None, [tenant, f"as of {as_of}"]))))
    if len(shown) < len(documents):
        say(f"{len(documents) - len(shown)} segment documents not shown: use --segment DIM or --json")


def _documents(tally: Tally, tenants: Sequence[str]) -> list[dict[str, Any]]:
    """All documents; with several tenants each says whose it is."""
    rev = {"rev": f"0.{tally.lines}"}
    found = []
    for tenant in tenants:
        whose = {"tenant": tenant} if len(tenants) > 1 else {}
        documents = tally.engine.documents(tenant, tally.ends.of(tenant), live=False, full=True)
        found += [{**whose, **doc, **rev} for doc in documents]
    return found


def _wanted(doc: dict[str, Any], windows: Names, kpis: Names, dims: Names) -> bool:
    segment = doc.get("segment") or {}
    return (
        (not windows or doc["window"] in windows)
        and (not kpis or doc["kpi"] in kpis)
        and (not dims or not segment or any(dim in dims for dim in segment))
    )


def _report(tally: Tally) -> None:
    say(*tally.refused.lines())
    counted = sum(tally.accepted.values())
    refused, ignored = len(tally.refused), tally.ignored
    say(f"{tally.lines} lines: {counted} events counted, {refused} refused, {ignored} at or after --as-of ignored")
