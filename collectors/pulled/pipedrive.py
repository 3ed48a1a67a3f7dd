"""Pipedrive's API: objects by last change, in order of their ids.

https://developers.pipedrive.com/docs/api/v1/Deals (version 2 of the lists; the log of a deal's changes is of version 1)
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final

from collectors.event import Reading
from collectors.pulled.client import Api
from collectors.pulled.expanding import changes_reading
from collectors.pulled.page import Away, Cursor, Page, PullError
from collectors.pulled.pipedrive_rows import Logged, changes, events, moment
from collectors.pulled.walking import Window, walked
from collectors.webhooks.items import Fault, maybe, rows, text
from collectors.webhooks.times import of_ms
from models.pulled import PipedriveSource

MOST: Final = 100  # objects per page
_ENTITIES: Final = {"deals": "deal", "persons": "person", "organizations": "organization"}


class Pipedrive:
    """The objects of one company. ``now``: ms UTC."""

    remember = True  # a changed deal is read with its change log

    def __init__(self, source: PipedriveSource, api: Api, now: Callable[[], int]) -> None:
        self._source, self._api, self._now = source, api, now
        self._traits = frozenset(source.traits)

    async def pages(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Raises PullError."""
        source = self._source
        begin = int(source.since.timestamp()) * 1000 if source.since else 86_400_000
        until = (self._now() - int(source.settle * 1000)) // 1000 * 1000  # object times have a resolution of seconds
        async for page in walked(cursor, source.objects, begin, until, self._page):
            yield page

    async def _page(self, window: Window) -> tuple[Reading, str | None]:
        try:
            return await self._told(window)
        except Away:
            raise
        except PullError:
            if window.last is None:
                raise
            return await self._told(window._replace(last=None))  # Pipedrive's own cursors expire

    async def _told(self, window: Window) -> tuple[Reading, str | None]:
        asked = {
            "limit": str(MOST), "sort_by": "id", "sort_direction": "asc", "updated_since": of_ms(window.since, "since"),
            "updated_until": of_ms(window.until, "until"), **({"cursor": window.last} if window.last else {}),
            **({"status": "open,won,lost,deleted"} if window.object == "deals" else {}),
        }  # fmt: skip
        answer = await self._api.get(f"/api/v2/{window.object}", asked)
        logged = [
            Logged(_ENTITIES[window.object], row, await self._log(row, window.object))
            for row in rows(answer, "data")
            if _within(row, window)
        ]
        make = partial(changes, traits=self._traits)
        reading = changes_reading(logged, self._now(), make, events, lambda notice: notice.now)
        return reading, maybe(answer, "additional_data.next_cursor")

    async def _log(self, row: Any, name: str) -> list[Any] | None:
        """The change log of a deal."""
        if name != "deals" or not self._source.history:
            return None
        try:
            path, last = f"/api/v1/deals/{int(text(row, 'id'))}/changelog", None
        except (Fault, ValueError):
            return None  # its fault is reported with the object
        found: list[Any] = []
        while True:
            answer = await self._api.get(path, {"limit": "500", **({"cursor": last} if last else {})})
            found += rows(answer, "data")
            if (last := maybe(answer, "additional_data.next_cursor")) is None:
                return found


def _within(row: Any, window: Window) -> bool:
    """Whether an object belongs to the window. One with an unreadable time does, so that it is reported as bad."""
    try:
        return window.since * 1000 <= moment(row, "update_time") < window.until * 1000
    except Fault:
        return True
