"""Queries to workers: members behind a number, its explanation, two dimensions crossed, a subject's timeline."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.asking import Allowed, KpiRow, KpiWindow, OneSegment, dimension
from dashboard.catalog import texts
from dashboard.problems import Wrong, described
from dashboard.replies import API, CSV, KEPT, NEVER, Format, Table, objects, reply, table
from dashboard.services import Parts

MEMBER: Final = ("kind", "id", "subject", "title", "time", "amount", "currency", "n", "numerator", "stage")
FACT: Final = ("time", "type", "channel", "text", "amount", "currency", "deal", "id")
Limit = Annotated[int, Query(ge=1, le=1000)]
AsOf = Annotated[
    str | None, Query(max_length=40, description="a local midnight, such as 2026-11-02: as known now for that moment")
]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
PROBLEMS: Final = described(400, 401, 403, 404, 413, 422, 503)

router = APIRouter(prefix=API, tags=["behind the numbers"], responses=PROBLEMS)


@router.get("/{tenant}/kpis/{kpi}/members", response_model=shapes.Members, responses={200: CSV})
async def members(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    kpi: KpiRow,
    window: KpiWindow,
    segment: OneSegment,
    as_of: AsOf = None,
    limit: Limit = 100,
    offset: Offset = 0,
    order: Annotated[Literal["newest", "oldest", "largest"] | None, Query()] = None,
    format: Format = "json",
) -> Response:
    """The members of a number. Over all of them ``n`` and ``numerator`` add up to the document's."""
    more = {name: value for name, value in (("order", order), ("as_of", as_of)) if value is not None}
    asked = {"kpi": kpi.id, "window": window, "segment": segment, "limit": limit, "offset": offset, **more}
    found = await parts.queries.ask(tenant, "members", **asked)
    if format == "csv":
        name = f"{tenant}-{kpi.id}-{window}-members"
        return table(request, name, objects(found["members"], MEMBER), NEVER)
    return reply(request, found, NEVER)


@router.get("/{tenant}/kpis/{kpi}/explain", response_model=shapes.Explained)
async def explain(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    kpi: KpiRow,
    window: KpiWindow,
    segment: OneSegment,
    as_of: AsOf = None,
) -> Response:
    """How a number is computed: its formula, and the measures it reads."""
    more = {} if as_of is None else {"as_of": as_of}
    found = await parts.queries.ask(tenant, "explain", kpi=kpi.id, window=window, segment=segment, **more)
    return reply(request, {"formula": texts()[kpi.id]["formula"], **found})


@router.get("/{tenant}/kpis/{kpi}/cross", response_model=shapes.Cross, responses={200: CSV})
async def cross(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    kpi: KpiRow,
    window: KpiWindow,
    rows: Annotated[str, Query(max_length=64, examples=["owner"])],
    columns: Annotated[str, Query(max_length=64, examples=["source"])],
    format: Format = "json",
) -> Response:
    """A KPI by two dimensions."""
    if dimension(rows, "rows") == dimension(columns, "columns"):
        raise Wrong(422, "columns: choose another dimension than that of the rows", "columns")
    found = await parts.queries.ask(tenant, "cross", kpi=kpi.id, window=window, rows=rows, columns=columns)
    if format == "csv":
        return table(request, f"{tenant}-{kpi.id}-{window}-{rows}-{columns}", _pivot(found, rows), KEPT)
    return reply(request, found)


@router.get("/{tenant}/subjects/{subject:path}/timeline", response_model=shapes.Timeline, responses={200: CSV})
async def timeline(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    subject: Annotated[str, Path(min_length=1, max_length=256)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    format: Format = "json",
) -> Response:
    """The facts of a subject, by any of its ids, newest first."""
    found = await parts.queries.ask(tenant, "timeline", subject=subject, limit=limit)
    if format == "csv":
        return table(request, f"{tenant}-timeline", objects(found["facts"], FACT), NEVER)
    return reply(request, found, NEVER)


def _pivot(found: dict[str, Any], rows: str) -> Table:
    lines = zip(found["rows"], found["cells"], strict=True)
    return [rows, *found["columns"]], ([name, *(cell and cell["value"] for cell in cells)] for name, cells in lines)
