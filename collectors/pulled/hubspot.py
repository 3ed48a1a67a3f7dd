"""HubSpot's CRM API: objects by last change, each with its property history.

https://developers.hubspot.com/docs/api-reference/search/guide: a search returns at most 10,000 results, so pages
continue after the last id instead. Changes of the last seconds may not be indexed yet, so a pass ends short of the
current time.  https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
"""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Final

from collectors.event import Reading
from collectors.pulled.client import Api
from collectors.pulled.expanding import changes_reading
from collectors.pulled.hubspot_changes import Terms, association, changes, deletion, events
from collectors.pulled.page import Cursor, Page
from collectors.pulled.walking import Window, walked
from collectors.webhooks.crm.hubspot_notice import Notice
from collectors.webhooks.items import maybe, rows, text
from models.pulled import HubSpotSource

MOST: Final = 50  # objects read with their histories per request
GONE: Final = "deals/archived"
_KINDS: Final = {"deals": "deal", "contacts": "contact", "companies": "company"}
_CHANGED: Final = {"deals": "hs_lastmodifieddate", "contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate"}


class HubSpot:
    """The objects of one portal. ``now``: ms UTC."""

    remember = True  # a changed object is read with its whole history

    def __init__(self, source: HubSpotSource, api: Api, now: Callable[[], int]) -> None:
        self._source, self._api, self._now = source, api, now
        self._terms = Terms(source.currency, source.company_currency, frozenset(source.traits))

    async def pages(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Raises PullError."""
        source = self._source
        begin = int(source.since.timestamp() * 1000) if source.since else 0
        until = self._now() - int(source.settle * 1000)
        objects = [*source.objects, *([GONE] if "deals" in source.objects else [])]
        async for page in walked(cursor, objects, begin, until, self._page):
            yield page

    async def _page(self, window: Window) -> tuple[Reading, str | None]:
        if window.object == GONE:
            return await self._gone(window)
        names = await self._changed(window)
        if not names:
            return Reading([], []), None
        wanted = {
            "inputs": [{"id": name} for name in names], "properties": ["hs_object_source"],
            "propertiesWithHistory": self._terms.properties(_KINDS[window.object]),
        }  # fmt: skip
        answer = await self._api.post(f"/crm/v3/objects/{window.object}/batch/read", wanted)
        reading = await self._reading(window.object, rows(answer, "results"))
        return reading, names[-1] if len(names) == MOST else None

    async def _changed(self, window: Window) -> list[str]:
        """The ids of a page, in order."""
        changed = _CHANGED[window.object]
        # BETWEEN includes both ends.
        filters = [
            {"propertyName": changed, "operator": "BETWEEN", "value": window.since, "highValue": window.until - 1},
            *([{"propertyName": "hs_object_id", "operator": "GT", "value": window.last}] if window.last else []),
        ]
        order = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        asked = {"filterGroups": [{"filters": filters}], "sorts": order, "properties": [changed], "limit": MOST}
        answer = await self._api.post(f"/crm/v3/objects/{window.object}/search", asked)
        return [text(one, "id") for one in rows(answer, "results")]

    async def _reading(self, name: str, objects: list[Any]) -> Reading:
        kind = _KINDS[name]
        found = changes_reading(objects, self._now(), partial(changes, kind=kind, terms=self._terms), events, _told)
        if kind != "deal" or not objects:
            return found
        deals = {maybe(deal, "id"): deal for deal in objects}
        for others, other in (("companies", "company"), ("contacts", "contact")):
            links = await self._links(list(deals), others)
            make = partial(self._linked, deals=deals, other=other)
            more = changes_reading(links, self._now(), make, events, _told)
            found = _joined(found, more)
        return found

    async def _links(self, deals: list[str | None], others: str) -> list[Any]:
        asked = {"inputs": [{"id": name} for name in deals]}
        return rows(await self._api.post(f"/crm/v4/associations/deals/{others}/batch/read", asked), "results")

    def _linked(self, item: Any, deals: dict[str | None, Any], other: str) -> Iterator[Notice]:
        deal = deals.get(maybe(item, "from.id"))
        return iter(()) if deal is None else association(item, deal, other, self._terms)

    async def _gone(self, window: Window) -> tuple[Reading, str | None]:
        """Deals in the recycling bin. It cannot be searched, so all of it is read."""
        asked = {"archived": "true", "limit": "100", **({"after": window.last} if window.last else {})}
        answer = await self._api.get("/crm/v3/objects/deals", asked)
        found = changes_reading(
            rows(answer, "results"), self._now(), partial(self._deleted, window=window), events, _told
        )
        return found, maybe(answer, "paging.next.after")

    def _deleted(self, item: Any, window: Window) -> Iterator[Notice]:
        notice = deletion(item, "deal", self._terms)
        if window.since <= notice.at < window.until:
            yield notice


def _told(notice: Notice) -> object:
    return notice.item


def _joined(one: Reading, more: Reading) -> Reading:
    return Reading([*one.events, *more.events], [*one.bad, *more.bad], one.ignored + more.ignored)
