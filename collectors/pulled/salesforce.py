"""Salesforce's REST API: records by last change, including deleted ones, in order of their ids.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_queryall.htm
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final

from collectors.event import Reading
from collectors.pulled.client import Api
from collectors.pulled.expanding import changes_reading
from collectors.pulled.page import Cursor, Page, PullError
from collectors.pulled.salesforce_rows import Recorded, Terms, changes, events
from collectors.pulled.walking import Window, walked
from collectors.webhooks.items import at, maybe, rows, text
from collectors.webhooks.times import of_ms
from models.pulled import SalesforceSource
from models.salesforce import long_id

MOST: Final = 200  # records per page; the URL of the history query contains their ids
HISTORY: Final = "OpportunityHistory"


class Salesforce:
    """The records of one organisation. ``now``: ms UTC."""

    remember = True  # a changed opportunity is read with its whole history

    def __init__(self, source: SalesforceSource, api: Api, now: Callable[[], int]) -> None:
        self._source, self._api, self._now = source, api, now
        self._base = f"/services/data/{source.version}"
        self._terms = Terms(source.currency, frozenset(source.traits))
        self._fields: dict[str, list[str]] = {}

    async def pages(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Raises PullError."""
        source = self._source
        begin = int(source.since.timestamp() * 1000) if source.since else 86_400_000
        until = self._now() - int(source.settle * 1000)
        async for page in walked(cursor, source.objects, begin, until, self._page):
            yield page

    async def _page(self, window: Window) -> tuple[Reading, str | None]:
        found = await self._changed(window)
        history = await self._histories([text(one, "Id") for one in found]) if window.object == "Opportunity" else {}
        records = [Recorded(window.object, one, history.get(text(one, "Id"), ())) for one in found]
        reading = changes_reading(
            records, self._now(), partial(changes, terms=self._terms), events, lambda change: change.fields
        )
        return reading, text(found[-1], "Id") if len(found) == MOST else None

    async def _changed(self, window: Window) -> list[Any]:
        since, until = (of_ms(ms, "cursor") for ms in (window.since, window.until))
        behind = f" AND Id > '{_id(window.last)}'" if window.last else ""
        return await self._queried(
            f"SELECT {', '.join(await self._known(window.object))} FROM {window.object} WHERE SystemModstamp >= {since}"
            f" AND SystemModstamp < {until}{behind} ORDER BY Id LIMIT {MOST}"
        )

    async def _histories(self, names: list[str]) -> dict[str, list[Any]]:
        """History rows by opportunity."""
        if not names:
            return {}
        wanted = ", ".join(f"'{_id(name)}'" for name in names)
        fields = ", ".join(await self._known(HISTORY))
        found: dict[str, list[Any]] = {}
        for one in await self._queried(f"SELECT {fields} FROM {HISTORY} WHERE OpportunityId IN ({wanted})"):
            found.setdefault(text(one, "OpportunityId"), []).append(one)
        return found

    async def _queried(self, query: str) -> list[Any]:
        answer = await self._api.get(f"{self._base}/queryAll", {"q": query})
        found = rows(answer, "records")
        while at(answer, "done") is False:
            more = text(answer, "nextRecordsUrl")
            if not more.startswith(f"{self._base}/"):
                raise PullError(f"{self._source.name}: nextRecordsUrl leads elsewhere")
            answer = await self._api.get(more)
            found = [*found, *rows(answer, "records")]
        return found

    async def _known(self, entity: str) -> list[str]:
        """Those of our fields that the organisation has and the user may see: queries for others are refused."""
        if entity not in self._fields:
            answer = await self._api.get(f"{self._base}/sobjects/{entity}/describe")
            there = {maybe(one, "name") for one in rows(answer, "fields")}
            self._fields[entity] = [name for name in self._terms.fields(entity) if name in there]
        return self._fields[entity]


def _id(name: str) -> str:
    """An id as a query literal: anything else could inject SOQL."""
    try:
        return long_id(name)
    except ValueError as error:
        raise PullError(str(error)) from None
