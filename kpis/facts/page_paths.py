"""Pages, identified by the path of their URL, and coded as small integers."""

import re
from functools import lru_cache
from typing import Any, Final

from kpis.cells.measures import Names
from kpis.identity.pseudonyms import pseudonym

URL: Final = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^?#]*)", re.DOTALL)  # RFC 3986, appendix B
ADDRESS: Final = re.compile(r"[^/@%\s]+(?:@|%40)[^/@%\s]+\.[^/@%\s]+")
LONGEST: Final = 200
CACHED_LENGTH: Final = 512  # characters; longer URLs rarely repeat, so they are not cached
PAGES: Final = Names()  # path, or path, NUL and the view's click id


def path_of_view(data: dict[str, Any]) -> str:
    """The path of a page view's page."""
    url = data.get("path") or data["url"]
    return path_of(url) if len(url) <= CACHED_LENGTH else _path_of(url)


def page_code(path: str, click: str | None) -> int:
    """The code of a page, or of a page and the click id of a view."""
    return PAGES.code(f"{path}\0{click}" if click else path)


def page_by(tenant: str, text: str) -> str:
    """A stored page with a click id, which becomes a digest: earlier builds stored it as sent."""
    path, _, click = text.partition("\0")
    return f"{path}\0{pseudonym(tenant, click)}"


def _path_of(url: str) -> str:
    """The path of a URL, without query and fragment. Mail addresses are masked, so that visitors share the page."""
    found = URL.match(url)
    path = (found and found.group(1)) or "/"
    return (ADDRESS.sub("{email}", path) if "@" in path or "%40" in path else path)[:LONGEST]


path_of: Final = lru_cache(maxsize=16384)(_path_of)


@lru_cache(maxsize=16384)
def path_and_click(page: int) -> tuple[str, str | None]:
    """A page's path, and the click id of the view."""
    path, found, click = PAGES.names[page].partition("\0")
    return path, click if found else None


@lru_cache(maxsize=16384)
def page_only(page: int) -> int:
    """The code of a page without a click id."""
    return PAGES.code(path_and_click(page)[0])
