"""`crmkpi targets`: what numbers should come to, and how far they are."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.exits import DIFFERENT, EPILOG, CliError
from cli.flags import JsonFlag, KafkaFlag, RedisFlag, TenantFlag, check_window, one_of, settings
from cli.kpis import KpiArgument, SegmentFlag, absent, segment_named
from cli.root import Group, app
from cli.show import NOTHING, segment_of, value_of
from cli.term import cell, line, out, show_json
from kpis.catalog import CATALOG, Kpi
from models.refused import Refused
from models.settings import RedisSettings
from models.targets import target_event

Doc = Mapping[str, Any]
WindowArgument = Annotated[str, typer.Argument(help="The window, for example month.")]

targets = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Targets: set them, list them with what was reached.\n\nExample: crmkpi targets set win_rate month 0.3",
)
app.add_typer(targets, name="targets", epilog=EPILOG)


@targets.command("set", epilog=EPILOG)
def set_target(
    kpi: KpiArgument,
    window: WindowArgument,
    value: Annotated[str, typer.Argument(help="As documents print it: 0.3 for 30%, amounts in major units.")],
    tenant: TenantFlag = "default",
    segment: SegmentFlag = None,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Set a target from now on, by an event; a later one replaces it. A negative value comes after `--`.

    Example: crmkpi targets set closed_won_value quarter 250000 --tenant acme --segment owner=anna
    """
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise CliError(f"{value}: a target is a number, for example 0.3 or 250000") from None
    if not exact.is_finite():
        raise CliError(f"{value}: a target is a finite number")
    _tell(kpi, window, format(exact, "f"), tenant, segment, kafka, as_json=as_json)


@targets.command("remove", epilog=EPILOG)
def remove_target(
    kpi: KpiArgument,
    window: WindowArgument,
    tenant: TenantFlag = "default",
    segment: SegmentFlag = None,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Withdraw a target, one of the settings file, too.

    Example: crmkpi targets remove win_rate month --tenant acme
    """
    _tell(kpi, window, None, tenant, segment, kafka, as_json=as_json)


@targets.command("list", epilog=EPILOG)
def list_targets(tenant: TenantFlag = "default", redis: RedisFlag = None, as_json: JsonFlag = False) -> None:
    """List the targets in published documents, with attainment and pace. Exit code 1: nothing is published.

    Example: crmkpi targets list --tenant acme
    """
    found = asyncio.run(_read(settings(redis=redis).redis, tenant))
    if as_json:
        show_json(found)
    elif found:
        out().print(targets_table(found))
    else:
        line(f"tenant {tenant} has no targets: crmkpi targets set KPI WINDOW VALUE sets one")


def targets_table(docs: Iterable[Doc]) -> Table:
    """One row a document that has a target."""
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in ("KPI", "window", "segment"):
        table.add_column(name, overflow="fold")
    for name in ("value", "target", "attainment", "pace", "projection"):
        table.add_column(name, justify="right")
    for doc in docs:
        target = doc["target"]
        texts = [doc["kpi"], doc["window"], segment_of(doc), value_of(doc), value_of({**doc, "value": target["value"]})]
        texts += [_percent(target.get("attainment")), _percent(target.get("pace"))]
        table.add_row(*map(cell, [*texts, value_of({**doc, "value": target.get("projection")})]))
    return table


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.0%}"


def _tell(
    kpi: str, window: str, value: str | None, tenant: str, segment: str | None, kafka: str | None, *, as_json: bool
) -> None:
    from cli.send import deliver
    from cli.sending import check  # a client of Kafka is slow to load, and `list` needs none

    row = next(row for row in CATALOG if row.id == one_of(kpi, (row.id for row in CATALOG), "KPI"))
    if check_window(window) not in row.windows:
        raise CliError(f"{kpi} has no window {window}: use one of {', '.join(row.windows)}")
    given = {"kpi": kpi, "window": window, "value": value, "segment": _segment(row, window, segment)}
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        event = target_event(tenant, given, source="/cli", event_id=str(uuid.uuid4()), time=now)
    except Refused as refused:
        raise CliError(f"{refused.field}: {refused.detail}") from refused
    place, events = settings(kafka), [orjson.dumps(event)]
    check(events, place)
    deliver(events, place, as_json=as_json)


def _segment(row: Kpi, window: str, text: str | None) -> dict[str, str]:
    """The segment, where the KPI can have documents of one in the window."""
    segment = segment_named(text) or {}
    step = row.vector.key if row.vector is not None else None
    for dimension in segment:
        if not row.has_segments(dimension, window):
            instead = f"use {step}=…" if step else "leave --segment out"
            raise CliError(f"{row.id} has no segment {dimension} in the window {window}: {instead}")
    return segment


async def _read(redis: RedisSettings, tenant: str) -> list[dict[str, Any]]:
    from sinks.read import RedisReader

    async with RedisReader(redis) as reader:
        published = await reader.tenants()
        if tenant not in published:
            raise CliError(absent(tenant, tenant, published), DIFFERENT)
        return [doc for doc in await reader.documents(tenant) if doc.get("target")]
