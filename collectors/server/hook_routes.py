"""Webhook routes: the signature is verified over the raw bytes before anything is parsed."""

import logging
from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from collectors.server.arriving import arrived
from collectors.server.body import read_body
from collectors.server.problems import Refusal
from collectors.server.services import Parts
from collectors.server.shapes import DESCRIBED, described
from collectors.webhooks.provider import Forged, Reply

log = logging.getLogger(__name__)
MOST: Final = 2 << 20  # bytes; SendGrid and HubSpot batch many events
PATH: Final = "/v1/webhooks/{provider}/{source}"
router = APIRouter(tags=["webhooks"])


@router.head(PATH, include_in_schema=False)
@router.get(PATH, responses=described(401, 404), response_class=Response)
@router.post(PATH, responses={**DESCRIBED, **described(404)}, response_class=Response)
async def webhook(provider: str, source: str, request: Request, parts: Parts) -> Response:
    """A provider's delivery, or its initial handshake. Configured by the setting collect.webhooks."""
    hook = parts.hooks.find(provider, source)
    body = await read_body(request, MOST)
    found = arrived(request, body, parts.now(), parts.settings.collect.public_url)
    try:
        if not hook.secrets:
            raise Forged("no secret is left")
        if (reply := hook.provider.handshake(found, hook.secrets)) is not None:
            return _response(reply)
        hook.provider.verify(found, hook.secrets)
        repeated = parts.hooks.repeated(hook, found)
    except Forged as forged:
        parts.meters.forged.inc()
        log.warning("a webhook of %s was not proven: %s", provider, forged)
        raise Refusal(401, "forged", "the signature, or whatever proves the sender, is not right") from None
    if repeated:
        return _response(hook.provider.accepted)
    if notice := hook.provider.notice(found):
        log.warning("%s: %s", provider, notice)
    verdict = await parts.intake.take(hook.origin, hook.provider.read(found), found.received)
    parts.hooks.taken(hook, found)
    for one in verdict.rejected[:3]:
        log.warning("%s, item %d: %s (%s %s)", provider, one["index"], one["detail"], one["code"], one["field"])
    if verdict.rejected and hook.provider.accepted.media == "application/json":
        return Response(
            orjson.dumps(verdict.body()), 200, media_type="application/json"
        )  # otherwise the provider would only retry it
    return _response(hook.provider.accepted)


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type=reply.media)
