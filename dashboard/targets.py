"""Targets of KPIs. Setting one sends an event, like any producer's."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from dashboard import act_shapes
from dashboard.asking import Allowed, KpiRow, MayAct, OneSegment
from dashboard.problems import Wrong, described
from dashboard.replies import API, CSV, NEVER, Format, instant, objects, reply, table
from dashboard.services import Parts
from kpis.catalog import Kpi
from models.refused import Refused
from models.targets import target_event

FIELDS = ("kpi", "window", "segment", "value", "by")
router = APIRouter(prefix=API, tags=["targets"], responses=described(401, 403, 422, 503))


@router.get("/{tenant}/targets", response_model=act_shapes.Targets, responses={200: CSV, **described(400, 404)})
async def targets(request: Request, parts: Parts, tenant: Allowed, format: Format = "json") -> Response:
    """All targets of a tenant with their history, including withdrawn ones (value null)."""
    found = await parts.queries.ask(tenant, "targets")
    if format == "csv":
        return table(request, f"{tenant}-targets", objects(found["targets"], FIELDS), NEVER)
    return reply(request, found, NEVER)


@router.put(
    "/{tenant}/targets/{kpi}/{window}", status_code=202, response_model=act_shapes.SentTarget,
    responses=described(400, 404, 413),
)  # fmt: skip
async def set_target(
    request: Request,
    parts: Parts,
    tenant: MayAct,
    kpi: KpiRow,
    window: str,
    segment: OneSegment,
    target: Annotated[act_shapes.NewTarget, Body()],
) -> Response:
    """Set a target from now on, by event; documents show it a moment later."""
    return await _send(request, parts, tenant, _given(kpi, window, segment, format(target.value, "f")))


@router.delete(
    "/{tenant}/targets/{kpi}/{window}", status_code=202, response_model=act_shapes.SentTarget, responses=described(404)
)
async def withdraw(
    request: Request, parts: Parts, tenant: MayAct, kpi: KpiRow, window: str, segment: OneSegment
) -> Response:
    """Withdraw a target, by event; also one from the settings file."""
    return await _send(request, parts, tenant, _given(kpi, window, segment, None))


def _given(kpi: Kpi, window: str, segment: dict[str, str], value: str | None) -> dict[str, Any]:
    if window not in kpi.windows:
        there = ", ".join(kpi.windows)
        raise Wrong(422, f"window: {kpi.id} has no window {window[:64]!r}; use one of {there}", "window")
    for name in segment:
        if not kpi.has_segments(name, window):
            raise Wrong(422, f"segment: {kpi.id} has no segment {name} in the window {window}", "segment")
    return {"kpi": kpi.id, "window": window, "segment": segment, "value": value}


async def _send(request: Request, parts: Parts, tenant: str, given: dict[str, Any]) -> Response:
    name = str(uuid.uuid4())
    try:
        event = target_event(tenant, given, source="/dashboard", event_id=name, time=instant(parts.now()))
    except Refused as refused:
        raise Wrong(422, f"{refused.field}: {refused.detail}", refused.field) from None
    await parts.event_sender.send(event)
    found = reply(request, {**event["data"], "event": name}, NEVER)
    found.status_code = 202
    return found
