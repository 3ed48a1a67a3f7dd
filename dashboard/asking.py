"""Validated parameters shared by many resources; errors name the field and the nearest valid value."""

import re
from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request

from dashboard.catalog import ROWS
from dashboard.problems import LONGEST, Wrong, known
from dashboard.services import Parts
from dashboard.tokens import Grant
from kpis.calendar.window_names import WINDOWS
from kpis.catalog import Kpi
from models.bounds import NAME_LENGTH
from sinks.base import Status

TENANT: Final = r"^[a-z0-9_-]{1,64}$"
DIMENSION: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

TenantName = Annotated[str, Path(pattern=TENANT, examples=["nordbolt"])]


def allowed(request: Request, tenant: TenantName) -> str:
    """The tenant, if the client's token includes it. Raises `Wrong` (403)."""
    if not grant_of(request).opens(tenant):
        raise Wrong(403, f"this token does not open tenant {tenant}", "tenant")
    return tenant


def grant_of(request: Request) -> Grant:
    """The client's permissions."""
    grant: Grant = request.state.grant
    return grant


def may_act(request: Request, tenant: Annotated[str, Depends(allowed)]) -> str:
    """The tenant, if the client may change it. Raises `Wrong` (403)."""
    _acts(request)
    return tenant


def _acts(request: Request) -> None:
    """Raises `Wrong` (403) for a read-only client."""
    if grant_of(request).role != "act":
        raise Wrong(403, "this token may look only: it needs the role act")


async def published(tenant: Annotated[str, Depends(allowed)], parts: Parts) -> Status:
    """The status of a tenant. Raises `Wrong` (404) if nothing was ever published for it."""
    if (status := await parts.numbers.status(tenant)) is None:
        raise Wrong(404, f"nothing is published for tenant {tenant}; /api/v1/tenants lists those that have numbers")
    return status


def kpi_row(
    kpi: Annotated[str, Path(max_length=100, examples=["win_rate"], json_schema_extra={"enum": list(ROWS)})],
) -> Kpi:
    """The KPI of the path. Raises `Wrong` (404) with the nearest names."""
    return ROWS[known(kpi, ROWS, "KPI", "kpi")]


def any_window(
    window: Annotated[str, Query(max_length=16, examples=["30d"], json_schema_extra={"enum": list(WINDOWS)})] = "30d",
) -> str:
    """A window. Raises `Wrong` (422)."""
    return known(window, WINDOWS, "window", "window")


def kpi_window(kpi: Annotated[Kpi, Depends(kpi_row)], window: Annotated[str, Depends(any_window)]) -> str:
    """A window that the KPI has. Raises `Wrong` (422)."""
    if window not in kpi.windows:
        raise Wrong(422, f"window: {kpi.id} has no window {window}; use one of {', '.join(kpi.windows)}", "window")
    return window


def one_segment(
    segment: Annotated[
        str | None, Query(max_length=NAME_LENGTH + 65, description="dimension:value", examples=["owner:anna"])
    ] = None,
) -> dict[str, str]:
    """A segment; by default the total. Raises `Wrong` (422)."""
    if segment is None:
        return {}
    name, colon, value = segment.partition(":")
    if not colon or not DIMENSION.fullmatch(name) or not value or _CONTROL.search(value):
        raise Wrong(
            422, f"segment: {segment[:LONGEST]!r} is none; write dimension:value, such as owner:anna", "segment"
        )
    return {name: value}


def dimension(name: str, field: str) -> str:
    """A dimension's name. Raises `Wrong` (422)."""
    if not DIMENSION.fullmatch(name):
        raise Wrong(422, f"{field}: {name[:LONGEST]!r} is no dimension; /api/v1/catalog lists those of a KPI", field)
    return name


acts: Final = Depends(_acts)
Allowed = Annotated[str, Depends(allowed)]
MayAct = Annotated[str, Depends(may_act)]
Published = Annotated[Status, Depends(published)]
KpiRow = Annotated[Kpi, Depends(kpi_row)]
AnyWindow = Annotated[str, Depends(any_window)]
KpiWindow = Annotated[str, Depends(kpi_window)]
OneSegment = Annotated[dict[str, str], Depends(one_segment)]
