"""`crmkpi kpis`: the catalogue, and a published number with its parts."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.exits import DIFFERENT, EPILOG, CliError
from cli.explained import explained
from cli.flags import SHOWN, JsonFlag, RedisFlag, TenantFlag, WindowFlag, check_window, one_of, settings
from cli.root import Group, app
from cli.show import style_of
from cli.term import cell, out, show_json
from kpis.catalog import CATALOG, Kpi
from models.connections import RedisSettings

KpiArgument = Annotated[str, typer.Argument(help="Id of the KPI, as shown by `crmkpi kpis list`.")]
SegmentFlag = Annotated[str | None, typer.Option(metavar="DIM=VALUE", help="One segment instead of the total.")]

kpis = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="The KPI catalogue, and single numbers.\n\nExample: crmkpi kpis list",
)
app.add_typer(kpis, name="kpis", epilog=EPILOG)


@kpis.command("list", epilog=EPILOG)
def list_kpis(as_json: JsonFlag = False) -> None:
    """List every KPI with its title, unit, windows and events. Needs no server.

    Example: crmkpi kpis list --json
    """
    if as_json:
        show_json([_row(kpi) for kpi in CATALOG])
        return
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in ("KPI", "title", "unit", "windows"):
        table.add_column(name, overflow="fold")
    for kpi in CATALOG:
        row = _row(kpi)
        table.add_row(row["id"], row["title"], row["unit"], " ".join(row["windows"]))
    out().print(table)


@kpis.command("get", epilog=EPILOG)
def get_kpi(
    kpi: KpiArgument,
    tenant: TenantFlag = "default",
    window: WindowFlag = "30d",
    segment: SegmentFlag = None,
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show one number from Redis, with numerator, denominator and provenance. Exit code 1: not published.

    Example: crmkpi kpis get win_rate --tenant acme --window 30d --segment owner=anna
    """
    known = one_of(kpi, (row.id for row in CATALOG), "KPI")
    row = next(row for row in CATALOG if row.id == known)
    if check_window(window) not in row.windows:
        raise CliError(f"{kpi} has no window {window}: use one of {', '.join(row.windows)}")
    doc = asyncio.run(_read(settings(redis=redis).redis, tenant, known, window, segment_named(segment)))
    if as_json:
        show_json(doc)
    else:
        out().print(_explained(doc, row))


@kpis.command("members", epilog=EPILOG)
def list_members(
    kpi: KpiArgument,
    tenant: TenantFlag = "default",
    window: WindowFlag = "30d",
    segment: SegmentFlag = None,
    limit: Annotated[int, typer.Option(min=0, max=1000, help="How many members to show.")] = 50,
    order: Annotated[str, typer.Option(help="newest, oldest or largest first.")] = "newest",
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """List the deals, customers, messages … behind a number; needs a running worker. Exit code 1: unknown tenant.

    Example: crmkpi kpis members win_rate --tenant acme --window 30d --segment owner=anna
    """
    from cli.members import ask_members, members_table  # client libraries are slow to import, and `list` needs none

    known = one_of(kpi, (row.id for row in CATALOG), "KPI")
    asked = {"kpi": known, "window": check_window(window), "segment": segment_named(segment) or {}}
    found = asyncio.run(ask_members(settings(redis=redis).redis, tenant, **asked, limit=limit, order=order))
    if as_json:
        show_json(found)
    else:
        out().print(members_table(found))


def segment_named(text: str | None) -> dict[str, str] | None:
    """``DIM=VALUE`` as a segment. Raises CliError."""
    if text is None:
        return None
    dim, equals, value = text.partition("=")
    if not equals or not dim:
        raise CliError(f"--segment {text}: use DIM=VALUE, for example owner=anna")
    return {dim: value}


async def _read(
    redis: RedisSettings, tenant: str, kpi: str, window: str, segment: dict[str, str] | None
) -> dict[str, Any]:
    """The document. Raises CliError that says which part of the key is not published."""
    from sinks.read import RedisReader

    async with RedisReader(redis) as reader:
        if doc := await reader.document(tenant, kpi, window, segment):
            return doc
        if segment and await reader.document(tenant, kpi, window):
            (dim, value), *_ = segment.items()
            hint = "its page in docs/kpis/ lists its segments; values beyond the cap are in __other__"
            what = f"{kpi} for {tenant}, window {window}"
            raise CliError(f"{what}, is not published for {dim}={value}: {hint}", DIFFERENT)
        raise CliError(absent(f"{kpi} for {tenant}, window {window}", tenant, await reader.tenants()), DIFFERENT)


def absent(what: str, tenant: str, published: Sequence[str]) -> str:
    """The message for a missing number: none are published at all, none of this tenant, or just not this one."""
    if not published:
        return "nothing is published yet: `crmkpi doctor` checks the set-up, `crmkpi lag` shows waiting events"
    if tenant not in published:
        names = ", ".join(published[:SHOWN]) + (", …" if len(published) > SHOWN else "")
        return f"nothing is published for tenant {tenant}: use --tenant with one of {names}"
    return f"{what}, is not published (yet): `crmkpi lag` shows waiting events"


def _row(kpi: Kpi) -> dict[str, Any]:
    row = {"id": kpi.id, "title": kpi.title, "unit": kpi.unit}
    return row | {"windows": list(kpi.windows), "events": list(kpi.events)}


def _explained(doc: dict[str, Any], kpi: Kpi) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in explained(doc, kpi.title):
        table.add_row(cell(name, "dim"), cell(text, style_of(doc) if name == "status" else ""))
    return table
