"""Refusals as RFC 9457 problems: one sentence that says what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

UNREAD: Final = (400, 408, 413, 415)  # the rest of such a body is not read
MEDIA: Final = "application/problem+json"


class Refusal(Exception):
    """Ends a request. ``code``: for programs, ``detail``: a sentence for people."""

    def __init__(self, status: int, code: str, detail: str, *, retry_s: int = 0, field: str = "") -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_s, self.field = status, code, detail, retry_s, field


def refused(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    """The response to a refused request."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
        "success": False,
    }
    if refusal.field:
        body["field"] = refusal.field
    more = {"Retry-After": str(refusal.retry_s)} if refusal.retry_s else {}
    if refusal.status in UNREAD:
        more["Connection"] = "close"
    if refusal.status == 401:
        more["WWW-Authenticate"] = 'Basic realm="crmkpi"'
    return Response(orjson.dumps(body), refusal.status, {"Cache-Control": "no-store", **more, **(headers or {})}, MEDIA)
