"""Worked examples: short lines become the events a producer sends, and the engine counts them."""

import json
import re
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from docgen.texts import Example
from kpis.catalog import CATALOG
from kpis.engine import Engine
from kpis.publish.documents import Board, Document
from models.record import Block, RawRecord
from models.tenants import TenantBook
from models.validate import validate

TENANT: Final = "default"
DAY_MS: Final = 86_400_000
NO_TIMESTAMP: Final = -1  # as in files: an event is received when it happens
FIELD: Final = re.compile(r"(@?\w+)=(\{.*?\}|\[.*?\]|\"[^\"]*\"|\S+)")
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?|true|false|null|[\[{\"].*")


def events(example: Example) -> list[dict[str, Any]]:
    """The example's lines (``2026-06-01 deal.won deal_id=d1``) as CloudEvents."""
    lines = [line for line in example.events.splitlines() if line.strip()]
    return [_event(number, *line.split(maxsplit=2)) for number, line in enumerate(lines, 1)]


def _event(number: int, when: str, kind: str, fields: str = "") -> dict[str, Any]:
    time = when if "T" in when else f"{when}T10:00:00Z"
    data = {name: json.loads(value) if NUMBER.fullmatch(value) else value for name, value in FIELD.findall(fields)}
    envelope = {"specversion": "1.0", "id": f"e{number}", "source": "/docs", "type": f"crm.{kind}", "time": time}
    # What begins with @ belongs to the envelope: a repeated id, a receive time.
    envelope |= {name[1:]: value for name, value in data.items() if name.startswith("@")}
    return {**envelope, "data": {name: value for name, value in data.items() if not name.startswith("@")}}


def as_of_ms(example: Example) -> int:
    """The exclusive end: a date alone is the end of that day."""
    moment = datetime.fromisoformat(example.as_of).replace(tzinfo=ZoneInfo("UTC"))
    return int(moment.timestamp() * 1000) + (DAY_MS if len(example.as_of) == 10 else 0)


def count(example: Example) -> Engine:
    """The events counted. ValueError: other events were refused than the example says."""
    end = as_of_ms(example)
    records = [
        RawRecord("docs", 0, offset, NO_TIMESTAMP, None, json.dumps(event).encode())
        for offset, event in enumerate(events(example))
    ]
    rows, rejections = validate(records)
    if len(rejections) != example.refused:
        raise ValueError(f"refused: {[one.reason for one in rejections]}")
    refused = [list(one.refusal()) for one in rejections]
    engine = Engine(TenantBook())
    block: Block = {"topic": "docs", "partition": 0, "rows": [list(row) for row in rows], "refused": refused}
    engine.apply(block, TENANT, end)
    engine.finish()
    return engine


def run(example: Example) -> list[Document]:
    """Count an example and read every KPI: the documents of its window."""
    engine = count(example)
    board = Board(engine.state(TENANT), as_of_ms(example))
    found = [document for kpi in CATALOG for document in board.documents(kpi)]
    return [document for document in found if document["window"] == example.window]


def pick(documents: list[Document], name: str) -> Document | None:
    """The document called ``id`` or ``id{key=value}``."""
    kpi, _, segment = name.removesuffix("}").partition("{")
    key, _, value = segment.partition("=")
    wanted = {key: value} if segment else {}
    return next((one for one in documents if one["kpi"] == kpi and one["segment"] == wanted), None)
