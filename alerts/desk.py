"""Alerts for the dashboard's server: the runner's published view, and actions of users."""

from collections.abc import Sequence
from typing import Any

from alerts import book
from alerts.fitting import complaint
from alerts.published import RedisAlerts
from models.alerting import Rule
from models.settings import Settings
from notify import ledger
from notify.entries import Entry


class Desk:
    """Reads from Redis and writes to the ledger, which the runner follows. Redis may lag by a second."""

    def __init__(self, place: Settings) -> None:
        self._place = place
        self._published = RedisAlerts(place.redis)

    async def close(self) -> None:
        """Close the connections."""
        await self._published.close()

    async def view(self, tenant: str) -> dict[str, Any]:
        """``rules`` with their states, ``log``, ``channels``; ``watched``: whether a runner has evaluated them.

        Raises `SinkUnavailable`.
        """
        found = await self._published.get(tenant)
        channels = [{"name": x.name, "kind": x.kind} for x in self._place.notify.channels if x.tenant == tenant]
        return {"watched": found is not None, **(found or {"rules": [], "log": []}), "channels": channels}

    def complaint(self, rule: Rule) -> tuple[str, str] | None:
        """Why a rule cannot be created by API: (field, problem)."""
        if any((one.tenant, one.id) == (rule.tenant, rule.id) for one in self._place.alerts.rules):
            return "id", f"{rule.id} is a rule of the settings file, which only that changes"
        return complaint(rule, self._place.notify.channels)

    async def keep(self, rule: Rule) -> None:
        """Save a rule, replacing one with the same id. Raises KafkaError, OSError."""
        await self._write(rule.tenant, [book.rule_entry(rule)])

    async def drop(self, tenant: str, rule: str) -> None:
        """Remove a rule. Raises KafkaError, OSError."""
        await self._write(tenant, [book.no_rule(tenant, rule), book.mute(tenant, rule, None, "", 0)])

    async def mute(self, tenant: str, rule: str, until: int | None, by: str, at: int) -> None:
        """Mute a rule until an instant, ms UTC; None unmutes it. Raises KafkaError, OSError."""
        await self._write(tenant, [book.mute(tenant, rule, until, by, at)])

    async def ack(self, tenant: str, rule: str, number: int, by: str, at: int) -> None:
        """Acknowledge a change. Raises KafkaError, OSError."""
        await self._write(tenant, [book.ack(tenant, rule, number, by, at)])

    async def _write(self, tenant: str, entries: Sequence[Entry]) -> None:
        await ledger.append(self._place, tenant, entries)
