"""What rules are judged by, read from elsewhere: ports, so that whoever starts the runner says from where."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

from alerts.machine import Observation
from alerts.observe import UNKNOWN, Document, of_document, of_figure
from models.alerting import OF_KPIS, Rule
from sinks.base import Status

CURRENT_MS: Final = 10 * 60_000  # numbers that were not looked at for longer are no reason for anything


class Unavailable(Exception):
    """What is asked does not answer just now."""


class Letters(NamedTuple):
    """Dead letters of one tenant that nobody dealt with."""

    open: int = 0
    quarantined: int = 0


class Numbers(Protocol):
    """What of `sinks.read.RedisReader` rules need. Raises `SinkUnavailable`."""

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are."""
        ...

    async def several(
        self, tenant: str, named: Sequence[tuple[str, str, Mapping[str, str]]]
    ) -> Sequence[Document | None]:
        """Documents by (KPI, window, segment)."""
        ...


class Sources(NamedTuple):
    """lag: seconds that counting is behind. letters: by tenant. Both raise `Unavailable`."""

    numbers: Numbers
    lag: Callable[[], Awaitable[float]]
    letters: Callable[[], Awaitable[Mapping[str, Letters]]]


class Observer:
    """Observations of a tenant's rules; documents are read when something was published since, and not otherwise."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._seen: dict[str, tuple[Any, dict[str, Observation]]] = {}

    async def observe(self, tenant: str, rules: Sequence[Rule], now: int) -> dict[str, Observation]:
        """By rule id. ``now``: ms UTC. Raises `SinkUnavailable`."""
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
