"""The numbers of a report as files: what the mail says, unrounded."""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final

import orjson

from reports.numbers import Document, Gathered

FIELDS: Final = (
    "kpi", "title", "window", "dimension", "segment", "value", "unit", "currency", "previous", "target", "n", "status",
    "state", "start", "end",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def as_csv(found: Gathered) -> bytes:
    """A line a number, after one of names. Text that a spreadsheet would run has a quote in front."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    writer.writerows([_cell(row.get(name)) for name in FIELDS] for row in _rows(found))
    return out.getvalue().encode(errors="replace")


def as_json(found: Gathered) -> bytes:
    """The documents as they are published, with the instant they are of."""
    body = {"as_of": found.as_of, "period": found.period.name, "documents": [dict(one) for one in _documents(found)]}
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def _documents(found: Gathered) -> Iterator[Document]:
    yield from found.documents.values()
    for rows in found.breakdowns.values():
        yield from (document for _, document in rows)


def _rows(found: Gathered) -> Iterator[dict[str, Any]]:
    for document in _documents(found):
        dimension, segment = next(iter((document.get("segment") or {}).items()), ("", ""))
        target = document.get("target")
        told = target.get("value") if isinstance(target, Mapping) else target
        yield {**document, "dimension": dimension, "segment": segment, "target": told}


def _cell(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
