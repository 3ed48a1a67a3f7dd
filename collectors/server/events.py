"""Routes that receive events: Segment calls, CloudEvents, the pixel; and the page script."""

from collections.abc import Callable
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from collectors import cloudevents, pixel, segment
from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.script import SCRIPT
from collectors.server.arriving import address_of, arrived, basic_user
from collectors.server.body import BATCH_BYTES, EVENT_BYTES, read_body
from collectors.server.intake import Origin, Verdict
from collectors.server.keys import Sender
from collectors.server.problems import Refusal
from collectors.server.services import Parts, Services
from collectors.server.shapes import DESCRIBED, Accepted, documented

MANY: Final = ("batch", "import")
JSON: Final = "application/json"
SCRIPT_HEADERS: Final = {"Cache-Control": "public, max-age=3600", "Content-Security-Policy": "default-src 'none'"}
router = APIRouter(tags=["events"])


@router.post("/v1/{call}", response_model=Accepted, responses=DESCRIBED, openapi_extra=documented("a call"))
async def call(call: str, request: Request, parts: Parts, debug: bool = False) -> Response:
    """A call of a Segment or RudderStack client: track, identify, page, screen, group, alias, or a batch."""
    many = call in MANY
    if call not in segment.CALLS:
        raise Refusal(404, "call", f"there is no such call; one of {', '.join(segment.CALLS)}")
    found = arrived(request, await read_body(request, BATCH_BYTES if many else EVENT_BYTES), parts.now())
    key = basic_user(found.headers) or segment.write_key(found.body) or ""
    return await _take(request, parts, found, key, lambda: segment.read(found, call), one=not many, debug=debug)


@router.post("/events", response_model=Accepted, responses=DESCRIBED, openapi_extra=documented("CloudEvents"))
async def events(request: Request, parts: Parts, debug: bool = False) -> Response:
    """CloudEvents, binary, structured or batched; also as plain JSON, an array or NDJSON."""
    found = arrived(request, await read_body(request, BATCH_BYTES), parts.now())
    key = basic_user(found.headers)
    return await _take(request, parts, found, key, lambda: cloudevents.read(found), one=False, debug=debug)


@router.get("/v1/pixel/{call}", responses=DESCRIBED, response_class=Response)
async def picture(call: str, request: Request, parts: Parts) -> Response:
    """An event as the URL of a tracking pixel, for mails and pages without scripts."""
    if call not in pixel.CALLS:
        raise Refusal(404, "call", f"there is no such pixel; one of {', '.join(pixel.CALLS)}")
    found = arrived(request, b"", parts.now())
    key = pixel.write_key(found.url) or ""
    await _take(request, parts, found, key, lambda: pixel.read(found, call), one=True, debug=False)
    return Response(pixel.IMAGE, media_type="image/gif")


@router.get("/t.js", response_class=Response)
async def script() -> Response:
    """The page script."""
    return Response(SCRIPT, headers=SCRIPT_HEADERS, media_type="text/javascript")


async def _take(
    request: Request, parts: Services, found: Arrived, key: str, read: Callable[[], Reading], *, one: bool, debug: bool
) -> Response:
    """Authenticates, reads within limits, and responds with the verdict."""
    sender = _sender(request, parts, key)
    reading = read()
    parts.limits.check(sender, address_of(request), max(1, len(reading.events) + len(reading.bad)))
    origin = Origin(sender.tenant, sender.source)
    if debug:
        verdict, _ = parts.intake.judge(origin, reading, found.received)
        return _reply({**verdict.body(), "events": verdict.events}, 200)
    verdict = await parts.intake.take(origin, reading, found.received)
    return _reply(_body(verdict, one), 200 if verdict.accepted or not verdict.rejected else 400)


def _sender(request: Request, parts: Services, key: str) -> Sender:
    address = address_of(request)
    parts.limits.check_guess(address)
    try:
        return parts.keys.sender(key, request.headers.get("origin"))
    except Refusal as refusal:
        if refusal.status == 401 and key:
            parts.limits.wrong(address)
        raise


def _body(verdict: Verdict, one: bool) -> dict[str, Any]:
    """The response body: clients check ``success``, the rest is for people."""
    body = verdict.body()
    return {"success": True} if one and body["success"] else body


def _reply(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body, default=str), status, media_type=JSON)
