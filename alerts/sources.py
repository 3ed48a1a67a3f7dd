"""Ports for the inputs of rules, provided by the caller of the runner."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from alerts.machine import Observation
from alerts.observe import UNKNOWN, Document, of_document, of_figure
from models.alerting import OF_KPIS, Rule
from sinks.base import Status

CURRENT_MS: Final = 10 * 60_000  # older numbers are not evaluated


class Unavailable(Exception):
    """A source is temporarily unavailable."""


class Letters(NamedTuple):
    """Open dead letters of one tenant."""

    open: int = 0
    quarantined: int = 0


class Numbers(Protocol):
    """The part of `sinks.read.RedisReader` that rules need. Raises `SinkUnavailable`."""

    async def status(self, tenant: str) -> Status | None:
        """The tenant's status."""
        ...

    async def several(
        self, tenant: str, named: Sequence[tuple[str, str, Mapping[str, str]]]
    ) -> Sequence[Document | None]:
        """Documents by (KPI, window, segment)."""
        ...


class Sources(NamedTuple):
    """lag: of counting, in seconds. letters: by tenant. Both raise `Unavailable`."""

    numbers: Numbers
    lag: Callable[[], Awaitable[float]]
    letters: Callable[[], Awaitable[Mapping[str, Letters]]]


class Observer:
    """Observes a tenant's rules; documents are only read if something was published since."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._seen: dict[str, tuple[Any, dict[str, Observation]]] = {}

    async def observe(self, tenant: str, rules: Sequence[Rule], now: int) -> dict[str, Observation]:
        """Observations by rule id. ``now``: ms UTC. Raises `SinkUnavailable`."""
        found = await self._of_kpis(tenant, [rule for rule in rules if rule.kind in OF_KPIS], now)
        return found | {rule.id: await self._of_figure(rule) for rule in rules if rule.kind not in OF_KPIS}

    async def _of_kpis(self, tenant: str, rules: Sequence[Rule], now: int) -> dict[str, Observation]:
        status = await self._sources.numbers.status(tenant) if rules else None
        if status is None or status.catching_up is not None or now - status.checked > CURRENT_MS:
            return {rule.id: UNKNOWN for rule in rules}
        version = status.as_of, status.rev, tuple(rules)
        if tenant in self._seen and self._seen[tenant][0] == version:
            return dict(self._seen[tenant][1])
        named = [(str(rule.kpi), str(rule.window), rule.segment) for rule in rules]
        documents = await self._sources.numbers.several(tenant, named)
        told = zip(rules, documents, strict=True)
        seen = {rule.id: of_document(rule, document, published=True) for rule, document in told}
        self._seen[tenant] = version, seen
        return dict(seen)

    async def _of_figure(self, rule: Rule) -> Observation:
        try:
            if rule.kind == "lag":
                return of_figure(rule, Decimal(str(round(await self._sources.lag(), 3))))
            letters = (await self._sources.letters()).get(rule.tenant, Letters())
        except Unavailable:
            return UNKNOWN
        return of_figure(rule, Decimal(letters.open if rule.kind == "dead_letters" else letters.quarantined))
