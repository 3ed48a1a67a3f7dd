"""Annotations: events shown on charts, such as the start of a campaign or a price change."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from dashboard import act_shapes
from dashboard.asking import Allowed, MayAct
from dashboard.catalog import ROWS
from dashboard.problems import Wrong, described, known
from dashboard.replies import API, reply
from dashboard.services import Parts

Name = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="letters, digits, _ and -", examples=["spring-sale"])
]
router = APIRouter(prefix=API, tags=["annotations"], responses=described(401, 403, 422, 503))


@router.get("/{tenant}/annotations", response_model=list[act_shapes.NamedAnnotation])
async def annotations(request: Request, parts: Parts, tenant: Allowed) -> Response:
    """All annotations of a tenant, oldest first."""
    found = await parts.annotations.all(tenant)
    notes = [{"name": name, **orjson.loads(text)} for name, text in found.items()]
    return reply(request, sorted(notes, key=lambda one: (one["day"], one["name"])))


@router.put(
    "/{tenant}/annotations/{name}", response_model=act_shapes.NamedAnnotation, responses=described(400, 409, 413)
)
async def keep(request: Request, parts: Parts, tenant: MayAct, name: Name, note: act_shapes.Annotation) -> Response:
    """Save an annotation, replacing one of the same name."""
    for place, kpi in enumerate(note.kpis):
        known(kpi, ROWS, "KPI", f"kpis.{place}")
    content: dict[str, Any] = note.model_dump(mode="json", exclude_none=True)
    if not await parts.annotations.keep(tenant, name, orjson.dumps(content).decode()):
        raise Wrong(409, f"there are {parts.annotations.most} annotations already: delete one first")
    return reply(request, {"name": name, **content})


@router.delete("/{tenant}/annotations/{name}", status_code=204, responses=described(404))
async def drop(request: Request, parts: Parts, tenant: MayAct, name: Name) -> Response:
    """Delete an annotation."""
    if not await parts.annotations.drop(tenant, name):
        raise Wrong(404, f"there is no annotation {name}; /api/v1/{tenant}/annotations lists them", "name")
    return Response(status_code=204)
