"""The stream of updates, as server-sent events."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from starlette.responses import Response, StreamingResponse

from dashboard.asking import Allowed, AnyWindow
from dashboard.packing import accepts_gzip, gzipped
from dashboard.problems import AGAIN, Wrong, described
from dashboard.replies import API
from dashboard.services import Parts
from sinks.base import SinkUnavailable

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
STREAM: Final = {"description": "server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}

router = APIRouter(prefix=API, tags=["live"])


@router.get(
    "/{tenant}/stream",
    response_class=StreamingResponse,
    responses={200: STREAM, **described(401, 403, 404, 422, 503)},
)
async def stream(
    request: Request,
    parts: Parts,
    tenant: Allowed,
    window: AnyWindow,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    """``snapshot`` once, then ``documents`` with what changed (at most 4 a second), and ``status`` every 10 s.

    With Last-Event-ID, which browsers send by themselves, it goes on from there. Redis away: ``status`` says so.
    """
    if parts.streams.full:
        raise Wrong(503, "too many streams are open; try again later", headers=AGAIN)
    if last_event_id is None:  # reconnecting clients are kept, even while Redis is being refilled
        with suppress(SinkUnavailable):  # reported in the stream itself
            if await parts.numbers.status(tenant) is None:
                raise Wrong(404, f"nothing is published for tenant {tenant}; /api/v1/tenants lists those with numbers")
    messages = parts.streams.messages(tenant, window, last_event_id)
    return streamed(request, messages)


def streamed(request: Request, messages: AsyncIterator[bytes]) -> Response:
    """Messages as they arrive, compressed if the client accepts it."""
    packed = accepts_gzip(request.headers.get("accept-encoding", ""))
    headers = {**HEADERS, "Vary": "Accept-Encoding", **({"Content-Encoding": "gzip"} if packed else {})}
    return StreamingResponse(gzipped(messages) if packed else messages, headers=headers, media_type="text/event-stream")
