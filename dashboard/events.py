"""Events as they arrive: the latest ones, and a stream of new ones."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from dashboard import shapes
from dashboard.asking import Allowed
from dashboard.live import STREAM, streamed
from dashboard.problems import AGAIN, Wrong, described
from dashboard.replies import API, CSV, NEVER, Format, objects, reply, table
from dashboard.services import Parts, Services
from dashboard.tails import HELD

FIELDS: Final = tuple(shapes.Event.model_fields)

router = APIRouter(prefix=API, tags=["live"], responses=described(401, 403, 422, 503))


@router.get("/{tenant}/events", response_model=shapes.Events, responses={200: CSV})
async def events(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    limit: Annotated[int, Query(ge=1, le=HELD)] = 50,
    format: Format = "json",
) -> Response:
    """The latest events, accepted or rejected, newest first: at most 200 from the end of the journal."""
    _check(parts, tenant)
    found = await parts.tails.newest(tenant, limit)
    if format == "csv":
        return table(request, f"{tenant}-events", objects(found, FIELDS), NEVER)
    return reply(request, {"tenant": tenant, "events": found}, NEVER)


@router.get("/{tenant}/events/stream", response_class=StreamingResponse, responses={200: STREAM})
async def stream(request: Request, parts: Parts, tenant: Allowed) -> Response:
    """``recent`` once, then ``events`` (at most 20 at a time, 4 times a second, the rest as ``left_out``).

    ``status`` gives the reason while Kafka is unavailable, and null when it is back.
    """
    _check(parts, tenant)
    return streamed(request, parts.tails.messages(tenant))


def _check(parts: Services, tenant: str) -> None:
    if parts.tails.full(tenant):
        raise Wrong(503, "too many streams of events are open; try again later", headers=AGAIN)
