"""An image that is a call: its query has the fields, dots between names (``context.page.url``), as RudderStack's.

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
"""A transparent GIF of one pixel."""

CALLS: Final = ("page", "track")
_DEEP: Final = 4
_MANY: Final = 100


def read(arrived: Arrived, call: str = "page") -> Reading:
    """The event of a request to ``/v1/pixel/<call>``. Unreadable: no such call, too many fields.

    A page or a mail that cannot run scripts says neither its address nor its browser: the request's headers do.
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
    """Set what ``path`` leads to. What is too deep, or in a text, is left out: of two that clash the first holds."""
    if len(path) > _DEEP:
        return
    for name in path[:-1]:
        inner = found.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        found = inner
    found.setdefault(path[-1], value)
