"""Middleware for every request: access, CORS, security headers and metrics."""

import logging
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from collectors.server.problems import Refusal, refused
from collectors.server.services import Services
from ops.listening import from_here

log = logging.getLogger(__name__)
HOOKS: Final = "/v1/webhooks/"
LONGEST: Final = 16 << 10  # bytes of a query: far more than a pixel's event needs
SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",  # script and pixel are meant for other sites
    "Cache-Control": "no-store",
}
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding",
    "Access-Control-Max-Age": "600",
}


class Front:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, parts: Services) -> None:
        self._app, self._parts = app, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request, answers a preflight, or passes it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, began = Headers(scope=scope), time.monotonic()
        origin, started = headers.get("origin"), False

        async def seen(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._dress(MutableHeaders(raw=message.setdefault("headers", [])), origin)
                self._count(scope, message["status"], began)
            await send(message)

        answer = self._answer(scope, headers, origin)
        if answer is not None:
            await answer(scope, receive, seen)
            return
        try:
            await self._app(scope, receive, seen)
        except Exception:
            log.exception("%s %s failed", scope["method"], _route(scope))
            if started:
                raise  # half a response is out: the connection must be closed
            text = "something unforeseen went wrong; the collector's log has the details. Send it again"
            await refused(Refusal(500, "internal", text, retry_s=5))(scope, receive, seen)

    def _answer(self, scope: Scope, headers: Headers, origin: str | None) -> Response | None:
        if len(scope["query_string"]) > LONGEST:
            return refused(Refusal(414, "query", f"the query is longer than {LONGEST} bytes"))
        if not (self._parts.keys or self._is_hook(scope) or self._parts.settings.collect.open or from_here(scope)):
            text = "without write keys only this machine may send: set collect.keys (docs/collect.md)"
            return refused(Refusal(403, "closed", text))
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            return Response(status_code=204, headers=PREFLIGHT)
        return None

    def _is_hook(self, scope: Scope) -> bool:
        """Whether it is for a webhook, which is authenticated by signature."""
        return bool(self._parts.settings.collect.webhooks) and scope["path"].startswith(HOOKS)

    def _dress(self, headers: MutableHeaders, origin: str | None) -> None:
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
        headers.add_vary_header("Origin")
        if origin is not None and self._parts.keys.preflight(origin):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = "Retry-After"

    def _count(self, scope: Scope, status: int, began: float) -> None:
        meters, route = self._parts.meters, _route(scope)
        meters.requests.labels(route, str(status)).inc()
        meters.seconds.labels(route).observe(time.monotonic() - began)
        meters.pending.set(self._parts.publisher.pending)


def _route(scope: Scope) -> str:
    """The route's pattern, never the URL, which may contain anything."""
    return getattr(scope.get("route"), "path", "") or "none"
