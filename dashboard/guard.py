"""Middleware for every request: host names, tokens, security headers, HEAD, and metrics."""

import asyncio
import logging
import time
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.problems import answer
from dashboard.services import Services
from dashboard.tokens import EVERYTHING, Grant
from ops.listening import HERE, from_here
from reports.unsubscribe import PATH

log = logging.getLogger(__name__)
COOKIE: Final = "crmkpi_token"
UNFORESEEN: Final = "something unforeseen went wrong; the server's log has the details"
STATIC: Final = "/static/"
UNSUBSCRIBE: Final = f"{PATH}/"
PUBLIC: Final = (STATIC, "/openapi.json", "/healthz", "/readyz", "/favicon.ico")  # contain no tenant's numbers
WRITES: Final = frozenset({"PUT", "POST", "DELETE", "PATCH"})
JSON: Final = "application/json"
LONGEST: Final = 16 << 10  # bytes of a query: enough for sparklines of every KPI
LARGEST: Final = 64 << 10  # bytes of a body: far more than a board needs
SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, parts: Services) -> None:
        self._app, self._parts = app, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses the request, or passes it on with its `Grant` in ``scope["state"]``."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, began, head = Headers(scope=scope), time.monotonic(), scope["method"] == "HEAD"
        if head:
            scope = {**scope, "method": "GET"}  # a copy: the server uses its own
        seen = _Seen(self._parts, scope, began, send, head=head)
        if head:
            receive = _gone(seen)
        elif scope["method"] in WRITES:
            receive = _bounded(receive)
        if (refusal := self._refusal(scope, headers)) is not None:
            await refusal(scope, receive, seen.send)
            return
        try:
            await self._app(scope, receive, seen.send)
        except Exception:
            log.exception("%s %s failed", scope["method"], seen.route)
            if seen.started:
                raise  # half a response is out: the connection must be closed
            await answer(500, UNFORESEEN)(scope, receive, seen.send)

    def _refusal(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        if len(scope["query_string"]) > LONGEST:
            return answer(414, f"the query is longer than {LONGEST} bytes")
        if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > LARGEST:
            return answer(413, f"the body is larger than {LARGEST} bytes")
        if not self._host(headers.get("host", "")):
            return answer(421, "this name is not one of the server's; serve_hosts lists further ones", "Host")
        if scope["path"].startswith(UNSUBSCRIBE):  # a signed link says who may do what; mail programs send forms
            scope.setdefault("state", {})["grant"] = Grant(frozenset(), "look")
            return None
        if scope["method"] in WRITES and (refusal := _cross_site(scope, headers, self._parts.hosts)) is not None:
            return refusal
        if self._parts.tokens:
            return self._with_tokens(scope, headers)
        if not (self._parts.open or from_here(scope)):
            return answer(403, "without tokens only this machine may ask: set serve_tokens (docs/dashboard.md)")
        scope.setdefault("state", {})["grant"] = EVERYTHING
        return None

    def _host(self, given: str) -> bool:
        """Without tokens, another site must not reach us under its own name (DNS rebinding)."""
        name = _name(given)
        if self._parts.tokens and not self._parts.hosts:
            return True
        return name in HERE or name in self._parts.hosts

    def _with_tokens(self, scope: Scope, headers: Headers) -> ASGIApp | None:
        path = scope["path"]
        if path == "/" and (token := dict(parse_qsl(scope["query_string"].decode("latin-1"))).get("token")):
            return self._signed_in(scope, token, headers)
        text = _token(headers)
        grant = self._parts.tokens.grant(text) if text else None
        scope.setdefault("state", {})["grant"] = grant or Grant(frozenset(), "look")
        if grant is not None or path == "/" or path.startswith(PUBLIC):
            return None
        why = "a token is needed" if not text else "the token is unknown, or no longer valid"
        how = "Authorization: Bearer <token>, or open /?token=<token> once in a browser"
        return answer(401, f"{why}: {how}", headers={"WWW-Authenticate": 'Bearer realm="crmkpi"'})

    def _signed_in(self, scope: Scope, token: str, headers: Headers) -> ASGIApp:
        """Moves the token from the URL into a cookie that scripts cannot read."""
        if self._parts.tokens.grant(token) is None:
            return answer(401, "the token is unknown, or no longer valid", "token")
        rest = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1")) if pair[0] != "token"]
        secure = scope.get("scheme") == "https" or headers.get("x-forwarded-proto") == "https"
        cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"
        where = "/" + (f"?{urlencode(rest)}" if rest else "")
        redirect = answer(303, "signed in", headers={"Location": where})
        redirect.headers["Set-Cookie"] = cookie
        return redirect


class _Seen:
    """A response on its way out: adds headers, drops the body of a HEAD, and counts it."""

    def __init__(self, parts: Services, scope: Scope, began: float, send: Send, *, head: bool) -> None:
        self._parts, self._scope, self._began, self._send = parts, scope, began, send
        self.head, self.started = head, False

    @property
    def route(self) -> str:
        """The route's pattern, which never names a tenant or a person."""
        return str(getattr(self._scope.get("route"), "path", "other"))

    async def send(self, message: Message) -> None:
        """Replaces the server's ``send``."""
        if message["type"] == "http.response.start":
            self._start(message)
            await self._send(message)
            if self.head:
                await self._send({"type": "http.response.body", "body": b""})
            self.started = True
        elif not self.head:
            await self._send(message)

    def _start(self, message: Message) -> None:
        headers = MutableHeaders(raw=message.setdefault("headers", []))
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
        page = self._scope["path"] == "/" or self._scope["path"].startswith(STATIC)
        headers.setdefault("Cache-Control", "no-cache" if page else "no-store")  # files are revalidated by ETag
        self._parts.meters.requests.labels(self.route, str(message["status"])).inc()
        self._parts.meters.seconds.labels(self.route).observe(time.monotonic() - self._began)


def _cross_site(scope: Scope, headers: Headers, hosts: frozenset[str]) -> ASGIApp | None:
    """Refuses cross-site requests: browsers state the origin, and forms cannot send JSON.

    `Sec-Fetch-Site` is set by the browser, but not over plain HTTP to other machines; there `Origin` decides, which
    must be the request's host or one of ``hosts``.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        fine = site in ("none", "same-origin")
    else:
        fine = origin is None or _place(origin) == headers.get("host", "").lower() or _name(_place(origin)) in hosts
    if not fine:
        return answer(403, "another site may not change anything here")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if scope["method"] == "POST" and kind != JSON:
        return answer(415, f"send {JSON}", "Content-Type")
    return None


def _place(origin: str) -> str:
    """Host and port of an origin; empty if it is invalid."""
    return origin.lower().partition("://")[2]


def _bounded(receive: Receive) -> Receive:
    """Ends a body of undeclared length where it becomes too large, as if the client had disconnected."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= LARGEST else {"type": "http.disconnect"}

    return counted


def _gone(seen: _Seen) -> Receive:
    """Reports a disconnect once a HEAD has its headers, which ends endless responses."""

    async def receive() -> Message:
        while not seen.started:
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    return receive


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    return name.strip("[]").lower().rstrip(".")


def _token(headers: Headers) -> str:
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and text:
        return text.strip()
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def names(hosts: Iterable[str]) -> frozenset[str]:
    """Normalised host names."""
    return frozenset(map(_name, hosts))
