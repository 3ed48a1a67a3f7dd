"""`crmkpi lag`: how far the workers are behind, in records and in seconds."""

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.box import SIMPLE_HEAD
from rich.table import Table

from cli.exits import EPILOG, kafka_away
from cli.flags import JsonFlag, KafkaFlag, settings
from cli.root import app
from cli.show import number
from cli.term import cell, line, out, show_json
from models import topics
from models.settings import Settings
from ops.lag import GroupLag, LagReader, PartitionLag


def lag_reader(place: Settings) -> LagReader:
    """Of all topics our consumer group reads."""
    return LagReader(place.kafka, place.app_id, [*topics.inputs(place), topics.journal(place)])


@app.command(epilog=EPILOG)
def lag(
    every: Annotated[bool, typer.Option("--all", help="Also partitions where nothing waits.")] = False,
    kafka: KafkaFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """How many records wait, and how old the first of them is; a partition that was never read has no number.

    Example: crmkpi lag --json
    """
    found = asyncio.run(_read(settings(kafka)))
    if as_json:
        show_json({
            "group": found.group, "records": found.records, "seconds": found.seconds, "uncommitted": found.uncommitted,
            "partitions": [item._asdict() for item in found.partitions],
        })  # fmt: skip
        return
    rows = [item for item in found.partitions if every or item.records or item.lost]
    if rows:
        out().print(_table(rows))
    line(lag_line(found))


def lag_line(found: GroupLag) -> str:
    """The whole group in a few words."""
    text = f"lag: {number(found.records)} records, {found.seconds:.1f} s"
    unread = sum(item.committed is None and item.end > 0 for item in found.partitions)
    return text + (f"; {unread} partitions never read" if unread else "")


async def _read(place: Settings) -> GroupLag:
    try:
        async with lag_reader(place) as reader:
            return await reader.read()
    except (KafkaError, OSError) as error:
        raise kafka_away(place.kafka, error) from error


def _table(rows: list[PartitionLag]) -> Table:
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in ("topic", "partition", "committed", "end", "waiting", "seconds", "lost"):
        table.add_column(name, justify="left" if name == "topic" else "right")
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
        ]
        table.add_row(*map(cell, texts))
    return table
