"""Converts the web framework's request to `Arrived`, and finds its credentials."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from collectors.arrived import Arrived

HTTPS: Final = 443


def arrived(request: Request, body: bytes, received: int, public_url: str = "") -> Arrived:
    """The request as received. ``public_url``: scheme and host as seen by the sender, if there is a proxy."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Arrived(request.method, url_of(request, headers, public_url), headers, body, received)


def url_of(request: Request, headers: Mapping[str, str], public_url: str) -> str:
    """The URL with path and query exactly as sent: some providers sign it."""
    base = public_url.rstrip("/") or f"{request.scope['scheme']}://{headers.get('host', '')}"
    path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.scope["path"]
    query = request.scope["query_string"].decode("latin-1")
    return f"{base}{path}?{query}" if query else f"{base}{path}"


def basic_user(headers: Mapping[str, str]) -> str:
    """The user name of HTTP Basic, or a bearer token; empty if neither is given."""
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return text.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def address_of(request: Request) -> str:
    """The client's address, used for rate limits only."""
    return request.client.host if request.client else ""
