"""Evaluates the rules of one partition, repeatedly.

The steps of a change (numbered as in `notify.failpoints`, ``notice-``):

1. decided in memory; nothing is written
2. a transaction begins
3. states, changes and intended deliveries are written
4. the transaction is committed: only now has it happened

Then, for each message (``delivery-``): 1 due · 2 the receiver has it · 3 a transaction begins · 4 the outcome is
written · 5 committed. After a crash between 1 and 5, it is sent again with the same id.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from alerts import book
from alerts.decide import Decided, decide
from alerts.machine import State
from alerts.published import RedisAlerts, view
from alerts.sources import Observer
from models.settings import Settings
from models.tenants import TenantBook
from models.topics import notices
from notify.entries import Entry, partition_of
from notify.failpoints import reach
from notify.lane import Lane
from sinks.base import SinkUnavailable

log = logging.getLogger(__name__)
DAY_MS: Final = 86_400_000
SHOW_S: Final = 1.0
CLEAN_S: Final = 3600.0
AT_ONCE: Final = 500  # entries removed per transaction


class Looking:
    """The evaluation of one partition. ``now``: ms UTC."""

    def __init__(
        self,
        lane: Lane,
        place: Settings,
        tenants: TenantBook,
        observer: Observer,
        shown: RedisAlerts,
        now: Callable[[], int],
    ) -> None:
        self._lane, self._place, self._tenants = lane, place, tenants
        self._observer, self._shown, self._now = observer, shown, now
        self._rules = [rule for rule in place.alerts.rules if self._is_here(rule.tenant)]
        self._states: dict[str, dict[str, State]] = {}
        self._published: dict[str, list[int]] = {}

    async def run(self) -> None:
        """Runs until the partition is revoked. Raises KafkaError and anything unforeseen."""
        cleaned = time.monotonic()
        wait = True
        while wait:
            began = time.monotonic()
            await self._round()
            if began - cleaned > CLEAN_S:
                await self._clean()
                cleaned = began
            wait = await self._rest(began + self._place.alerts.every_s)

    async def _rest(self, end: float) -> bool:
        """Waits for the next evaluation; meanwhile publishes acknowledgements and deliveries."""
        while (left := end - time.monotonic()) > 0:
            if not await self._lane.pause(min(left, SHOW_S)):
                return False
            await self._show([one for one in self._published if self._published[one] != self._versions(one)])
        return not self._lane.closing.is_set()

    def _is_here(self, tenant: str) -> bool:
        _, partitions = notices(self._place)
        return partition_of(tenant, partitions) == self._lane.partition

    async def _round(self) -> None:
        tenants = sorted(book.tenants_of(self._rules, self._lane.entries))
        decided = {tenant: await self._decide(tenant) for tenant in tenants}
        entries = [entry for one in decided.values() for entry in one.entries]
        if entries:
            reach("notice-1-decided")
            await self._lane.commit(entries, "notice", 2)
        for tenant, one in decided.items():
            self._states[tenant] = one.states
        await self._show(tenants)

    async def _decide(self, tenant: str) -> Decided:
        entries, now = self._lane.entries, self._now()
        rules = book.rules_of(tenant, self._rules, entries)
        try:
            seen = await self._observer.observe(tenant, list(rules.values()), now)
        except SinkUnavailable as error:
            log.warning("numbers of %s cannot be read: %s", tenant, error)
            seen = {}
        channels, zone = self._place.notify.channels, self._tenants[tenant].zone
        return decide(tenant, rules, self._states.get(tenant, {}), seen, entries, channels, zone, now)

    async def _show(self, tenants: list[str]) -> None:
        try:
            missing = await self._shown.missing(tenants)
            for tenant in tenants:
                versions = self._versions(tenant)
                if tenant in missing or self._published.get(tenant) != versions:
                    rules = book.rules_of(tenant, self._rules, self._lane.entries)
                    await self._shown.put(tenant, view(self._lane.entries, tenant, rules, self._rules))
                    self._published[tenant] = versions
        except SinkUnavailable as error:
            log.warning("alerts are not shown on the page: %s", error)

    def _versions(self, tenant: str) -> list[int]:
        return [self._lane.entries.version(kind, tenant) for kind in book.KINDS]

    async def _clean(self) -> None:
        """Removes expired entries of the log."""
        before = self._now() - self._place.alerts.keep_days * DAY_MS
        old: list[Entry] = []
        for tenant in book.tenants_of(self._rules, self._lane.entries):
            old += [(key, None) for key in book.old(self._lane.entries, tenant, before)]
        for first in range(0, len(old), AT_ONCE):
            await self._lane.commit(old[first : first + AT_ONCE], "clean", 1)
