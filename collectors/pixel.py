"""Tracking pixel: the query holds a call's fields, nested with dots (``context.page.url``), as in RudderStack.

https://www.rudderstack.com/docs/api/pixel-api/
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.segment.reading import of_query
from collectors.segment.values import table

IMAGE: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""A transparent 1×1 GIF."""

CALLS: Final = ("page", "track")
_DEEP: Final = 4
_MANY: Final = 100


def read(arrived: Arrived, call: str = "page") -> Reading:
    """The event of a request to ``/v1/pixel/<call>``. Raises Unreadable: unknown call, too many fields.

    Pages and mails without scripts cannot send URL and user agent, so these come from the request's headers.
    """
    if call not in CALLS:
        raise Unreadable(f"there is no call {call[:40]!r}", "path")
    found = _fields(arrived.url)
    context = table(found.get("context"))
    page = {"url": arrived.headers.get("referer"), **table(context.get("page"))}
    agent = {"userAgent": arrived.headers.get("user-agent")}
    return of_query({**found, "type": call, "context": {**agent, **context, "page": page}}, arrived.received)


def write_key(url: str) -> str | None:
    """The key in the query of ``url``."""
    key = _fields(url).get("writeKey")
    return key if isinstance(key, str) else None


def _fields(url: str) -> dict[str, Any]:
    given = parse_qsl(url.partition("#")[0].partition("?")[2])
    if len(given) > _MANY:
        raise Unreadable(f"the query has more than {_MANY} fields", "query")
    found: dict[str, Any] = {}
    for name, value in given:
        _put(found, name.split("."), value)
    return found


def _put(found: dict[str, Any], path: list[str], value: str) -> None:
    """Set the value at ``path``. Paths that are too deep or lead into a text are ignored: the first one wins."""
    if len(path) > _DEEP:
        return
    for name in path[:-1]:
        inner = found.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        found = inner
    found.setdefault(path[-1], value)
