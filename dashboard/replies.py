"""Responses as JSON or CSV, with an ETag if they are cacheable."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from io import StringIO
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import Query, Request
from starlette.responses import Response

API: Final = "/api/v1"
Format = Annotated[Literal["json", "csv"], Query(description="csv: a table with a line of names")]
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
KEPT: Final = "private, no-cache"  # cacheable, but revalidated each time
NEVER: Final = "no-store"  # about people, or about one moment
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # characters that start a formula in a spreadsheet
CSV: Final = {"content": {"text/csv": {"schema": {"type": "string"}}}}


def reply(request: Request, value: Any, cache: str = KEPT) -> Response:
    """A JSON response; 304 if the client has it already."""
    return _tagged(request, orjson.dumps(value), "application/json", cache, {})


def table(request: Request, name: str, content: Table, cache: str = KEPT) -> Response:
    """A CSV response. ``name``: of the file, without extension."""
    out = StringIO()
    writer = csv.writer(out)
    head, rows = content
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    file = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return _tagged(request, out.getvalue().encode(errors="replace"), "text/csv; charset=utf-8", cache, file)


def instant(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


DOCUMENT: Final = (
    "kpi", "title", "window", "segment", "value", "unit", "currency", "numerator", "denominator", "n", "status",
    "state", "start", "end", "tz", "as_of",
)  # fmt: skip


def documents(found: Iterable[Mapping[str, Any]]) -> Table:
    """KPI documents as a table."""
    return DOCUMENT, ([_flat(document.get(field)) for field in DOCUMENT] for document in found)


def objects(found: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Table:
    """Objects as a table of these fields."""
    return fields, ([_flat(one.get(field)) for field in fields] for one in found)


def _flat(value: Any) -> Any:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={one}" for key, one in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _cell(value: Any) -> Any:
    """Prefixes text that a spreadsheet would take for a formula with a quote; amounts are left alone."""
    if not isinstance(value, str) or not value.startswith(FORMULA) or _number(value):
        return value
    return f"'{value}"


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tagged(request: Request, body: bytes, media: str, cache: str, headers: dict[str, str]) -> Response:
    headers = {"Cache-Control": cache, **headers}
    if cache == KEPT:
        tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'  # weak: it may be sent compressed
        headers["ETag"] = tag
        if tag in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media)
