"""Tenants, snapshots, single numbers and their segments, read from Redis."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.asking import Allowed, AnyWindow, KpiRow, KpiWindow, OneSegment, Published, grant_of
from dashboard.fresh import current, rev
from dashboard.ports import Document
from dashboard.problems import Wrong, described
from dashboard.replies import API, CSV, Format, documents, objects, reply, table
from dashboard.services import Parts, Services

ABOUT: Final = ("net_revenue", "30d")  # a document with the tenant's currency and time zone
AT_ONCE: Final = 32  # tenants read concurrently
PAGE: Final = 500
OTHER: Final = "__other__"

router = APIRouter(prefix=API)


@router.get(
    "/tenants", tags=["tenants"], response_model=list[shapes.Tenant], responses={200: CSV, **described(401, 422, 503)}
)
async def tenants(
    request: Request,
    parts: Parts,
    format: Format = "json",
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Tenants with numbers that the token includes, sorted by name, the configured first one at the top."""
    opens = grant_of(request).opens
    names = sorted(filter(opens, await parts.numbers.tenants()), key=lambda name: (name != parts.first, name))
    names = names[offset : offset + limit]
    gate = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(_tenant(parts, gate, name) for name in names))
    there = [one for one in found if one is not None]
    if format == "csv":
        return table(request, "tenants", objects(there, tuple(shapes.Tenant.model_fields)))
    return reply(request, there)


@router.get(
    "/{tenant}/snapshot",
    tags=["numbers"],
    response_model=shapes.Snapshot,
    responses={200: CSV, **described(401, 403, 404, 422, 503)},
)
async def snapshot(
    request: Request, parts: Parts, tenant: Allowed, status: Published, window: AnyWindow, format: Format = "json"
) -> Response:
    """All totals of a window, in one revision."""
    found = await parts.numbers.snapshot(tenant, window)
    if format == "csv":
        return table(request, f"{tenant}-{window}", documents(found))
    head = {"tenant": tenant, "window": window, "rev": rev(status), **current(status, parts.now())}
    return reply(request, {**head, "documents": found})


@router.get(
    "/{tenant}/kpis/{kpi}",
    tags=["numbers"],
    response_model=shapes.Document,
    responses={200: CSV, **described(400, 413, 401, 403, 404, 422, 503)},
)
async def number(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    status: Published,
    kpi: KpiRow,
    window: KpiWindow,
    segment: OneSegment,
    as_of: Annotated[
        str | None, Query(max_length=40, description="a local midnight, RFC 3339: as known now; asked of a worker")
    ] = None,
    format: Format = "json",
) -> Response:
    """One number with its parts."""
    if as_of is not None:
        found: Document | None = await parts.queries.ask(
            tenant, "document", kpi=kpi.id, window=window, segment=segment, as_of=as_of
        )
    else:
        found = await parts.numbers.document(tenant, kpi.id, window, segment)
    if found is None:
        raise Wrong(404, await _absent(parts, tenant, kpi.id, window, segment))
    if format == "csv":
        return table(request, f"{tenant}-{kpi.id}-{window}", documents([found]))
    return reply(request, found)


@router.get(
    "/{tenant}/kpis/{kpi}/segments",
    tags=["numbers"],
    response_model=shapes.Segments,
    responses={200: CSV, **described(401, 403, 404, 422, 503)},
)
async def segments(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    status: Published,
    kpi: KpiRow,
    window: KpiWindow,
    format: Format = "json",
) -> Response:
    """A KPI's total and every published segment or step of it, the largest of each dimension first."""
    total, found = await asyncio.gather(
        parts.numbers.document(tenant, kpi.id, window), parts.numbers.segments(tenant, kpi.id, window)
    )
    by: dict[str, list[Document]] = {}
    for document in found:
        by.setdefault(next(iter(document["segment"])), []).append(document)
    for several in by.values():
        several.sort(key=_size)
    if format == "csv":
        every = [*([total] if total else []), *(one for several in by.values() for one in several)]
        return table(request, f"{tenant}-{kpi.id}-{window}-segments", documents(every))
    return reply(request, {"kpi": kpi.id, "window": window, "total": total, "dimensions": by})


async def _tenant(parts: Services, gate: asyncio.Semaphore, name: str) -> dict[str, Any] | None:
    async with gate:
        status, about = await asyncio.gather(parts.numbers.status(name), parts.numbers.document(name, *ABOUT))
        if status is None:
            return None
        if about is None:
            about = next(iter(await parts.numbers.snapshot(name, ABOUT[1])), {})
    locale = {"currency": about.get("currency"), "tz": about.get("tz")}
    return {"tenant": name, **current(status, parts.now()), "waiting": status.waiting, **locale}


async def _absent(parts: Services, tenant: str, kpi: str, window: str, segment: dict[str, str]) -> str:
    if segment and await parts.numbers.document(tenant, kpi, window):
        ((name, value),) = segment.items()
        where = f"/api/v1/{tenant}/kpis/{kpi}/segments lists them, {OTHER} adds up those beyond the cap"
        return f"{kpi}, window {window}, is not published for {name}={value[:64]}: {where}"
    return f"{kpi}, window {window}, is not published (yet); /api/v1/lag shows events that wait"


def _size(document: Document) -> tuple[bool, int, float, str]:
    """Sort key: observations, then numerator, then name; the rest of the dimension comes last."""
    value = next(iter(document["segment"].values()))
    numerator = document.get("numerator")
    amount = float(numerator) if isinstance(numerator, int | float | str) and numerator != "" else 0.0
    return value == OTHER, -int(document["n"]), -amount, value
