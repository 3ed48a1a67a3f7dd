"""`crmkpi lag`: how far behind the workers are, whether they keep up, and when they will have caught up."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.box import SIMPLE_HEAD
from rich.table import Table

from access.kafka import client_options
from cli.away import kafka_away
from cli.exits import EPILOG
from cli.flags import JsonFlag, KafkaFlag, settings
from cli.root import app
from cli.show import number
from cli.term import cell, line, out, show_json
from models import topics
from models.settings import Settings
from ops.lag import GroupLag, LagReader, PartitionLag
from ops.losses import ACKNOWLEDGE, Loss, read_losses, texts, unknown
from ops.observe import LagReport, observe
from ops.verdicts import Verdict


def lag_reader(place: Settings) -> LagReader:
    """A reader for all topics of our consumer group."""
    return LagReader(place.kafka, place.app_id, [*topics.inputs(place), topics.journal(place)])


@app.command(epilog=EPILOG)
def lag(
    every: Annotated[bool, typer.Option("--all", help="Include partitions without lag.")] = False,
    seconds: Annotated[
        float,
        typer.Option(
            "--for", min=0, max=3600, metavar="SECONDS", help="Observe for this long; 0: one sample, no verdicts."
        ),
    ] = 5.0,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Show whether the workers keep up. Shows records waiting, the age of the first, and a verdict.

    Verdicts: OK, WARN (falling behind), STALL (commits without progress), STOP (no commits), REWIND (went back), ERR.

    Example: crmkpi lag --json
    """
    found, lost = asyncio.run(_read(settings(kafka), seconds))
    if as_json:
        show_json({**found.as_dict(), "losses": [loss._asdict() for loss in lost]})
        return
    rows = [item for item in found.lag.partitions if every or item.records or item.lost or _bad(found, item)]
    if rows:
        out().print(_table(rows, found))
    line(f"{lag_line(found.lag)}; {report_line(found)}", *(f"LOST: {text}; {ACKNOWLEDGE}" for text in texts(lost)))


def lag_line(found: GroupLag) -> str:
    """The whole group in a few words."""
    text = f"lag: {number(found.records)} records, {found.seconds:.1f} s"
    unread = sum(item.committed is None and item.end > 0 for item in found.partitions)
    return text + (f"; {unread} partitions never read" if unread else "")


def report_line(found: LagReport) -> str:
    """Verdict and outlook in a few words."""
    text = found.verdict.value
    if found.lag.records and found.catch_up_s is not None:
        text += f"; caught up in about {found.catch_up_s:,.0f} s"
    if found.catching_up:
        text += f"; catching_up: {found.read_ratio:.1%} read"
        if found.event_time is not None:
            text += f", at events of {datetime.fromtimestamp(found.event_time / 1000, UTC):%Y-%m-%d %H:%M}Z"
    return text


async def _read(place: Settings, seconds: float) -> tuple[LagReport, list[Loss]]:
    """The lag, and unacknowledged losses."""
    try:
        async with lag_reader(place) as reader:
            found = await observe(reader, seconds)
        return found, unknown(await read_losses(client_options(place.kafka), topics.control(place)))
    except (KafkaError, OSError) as error:
        raise kafka_away(place.kafka, error) from error


def _bad(found: LagReport, item: PartitionLag) -> bool:
    return found.verdicts.get(item.place, Verdict.OK) is not Verdict.OK


def _table(rows: list[PartitionLag], found: LagReport) -> Table:
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in ("topic", "partition", "committed", "end", "waiting", "seconds", "lost", "verdict"):
        table.add_column(name, justify="left" if name in ("topic", "verdict") else "right")
    for row in rows:
        seconds = "–" if row.seconds is None else f"{row.seconds:.1f}"
        texts = [
            row.topic,
            row.partition,
            number(row.committed),
            number(row.end),
            number(row.records),
            seconds,
            row.lost,
            found.verdicts.get(row.place, "–"),
        ]
        table.add_row(*map(cell, texts))
    return table
