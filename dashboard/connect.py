"""Where to send events, for the *Connect* page."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.problems import described
from dashboard.replies import API, reply
from dashboard.services import Parts

router = APIRouter(prefix=API, tags=["operations"])


@router.get("/connect", response_model=shapes.Connect, responses=described(401))
async def connect(request: Request, parts: Parts) -> Response:
    """The collector's address, and whether it requires a write key. Keys themselves are never disclosed."""
    return reply(request, {"collector": parts.collector.rstrip("/"), "keys": parts.keyed})
