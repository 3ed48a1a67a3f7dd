"""Where events are sent to, for whoever connects a page or a system."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.problems import described
from dashboard.replies import API, reply
from dashboard.services import Parts

router = APIRouter(prefix=API, tags=["operations"])


@router.get("/connect", response_model=shapes.Connect, responses=described(401))
async def connect(request: Request, parts: Parts) -> Response:
    """The collector's address, and whether it takes events with a write key only; no key is ever told."""
    return reply(request, {"collector": parts.collector.rstrip("/"), "keys": parts.keyed})
