"""The whole app over stores in memory, with answers of a worker made up."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from alerts import book
from alerts.book import rules_of
from alerts.fitting import complaint
from alerts.published import view
from dashboard.app import create_app
from dashboard.kept import MOST, MOST_NOTES
from dashboard.ports import (
    Checked,
    Dealt,
    Fetched,
    KafkaUnavailable,
    Lags,
    Letters,
    OpenLetter,
    OpenLetters,
    Run,
    Verifier,
    Workers,
)
from dashboard.services import Services
from dashboard.tokens import Tokens
from models.alerting import Rule
from models.blocks import decode_block, encode_blocks
from models.notifying import Channel
from models.record import Block, Refusal, Row
from models.serving import ServeToken
from notify.entries import Entries, Entry
from sinks.base import Point, Publication, SinkUnavailable
from sinks.memory import MemorySink
from sinks.query import QueryRefused
from tests.contract.boards import document

NOW = 1_794_650_460_000  # 2026-11-14T12:01 in Helsinki, a minute after the documents' as_of
AS_OF = NOW - 60_000
TODAY = {"window": "today", "start": "2026-11-13T22:00:00.000Z", "end": "2026-11-14T10:00:00.000Z"}
MONTH = {"window": "month", "start": "2026-10-31T22:00:00.000Z", "end": "2026-11-14T10:00:00.000Z"}
WEEK = {"window": "week", "start": "2026-11-08T22:00:00.000Z", "end": "2026-11-14T10:00:00.000Z"}


class MemoryHistory:
    """Closed buckets in memory."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, str, str], dict[str, Point]] = {}

    async def history(self, tenant: str, kpi: str, step: str) -> Mapping[str, Point]:
        """Bucket -> point."""
        return self.points.get((tenant, kpi, step), {})

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> Mapping[str, Mapping[str, Point]]:
        """The same of several KPIs."""
        return {kpi: await self.history(tenant, kpi, step) for kpi in kpis}


class Worker:
    """Answers by the kind of question; what was asked is remembered."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """As told, or refused."""
        self.asked.append({"tenant": tenant, "ask": ask, **fields})
        found = self.answers.get(ask, QueryRefused(400, f"{ask}: nothing to say"))
        if isinstance(found, Exception):
            raise found
        return dict(found)


class MemoryBoards:
    """Boards in a dictionary."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.held: dict[str, dict[str, str]] = {}

    async def all(self, tenant: str) -> dict[str, str]:
        """Name -> board."""
        return dict(self.held.get(tenant, {}))

    async def one(self, tenant: str, name: str) -> str | None:
        """One of them."""
        return self.held.get(tenant, {}).get(name)

    async def keep(self, tenant: str, name: str, board: str) -> bool:
        """Store it unless there are too many."""
        held = self.held.setdefault(tenant, {})
        if name not in held and len(held) >= self.most:
            return False
        held[name] = board
        return True

    async def drop(self, tenant: str, name: str) -> bool:
        """Delete it."""
        return self.held.get(tenant, {}).pop(name, None) is not None


class MemoryEventSender:
    """Events in a list."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.away = False

    async def send(self, event: Mapping[str, Any]) -> None:
        """Keep it, or raise `KafkaUnavailable`."""
        if self.away:
            raise KafkaUnavailable("nothing listens")
        self.sent.append(dict(event))


class NoKafka:
    """Nobody is there."""

    async def read(self) -> dict[str, Any]:
        """Raises KafkaUnavailable."""
        raise KafkaUnavailable("nothing listens")


class NoWorkers:
    """Nobody counts."""

    async def read(self) -> dict[str, Any]:
        """None of them."""
        return {"workers": [], "quarantined": 0}


class MemoryLetters:
    """Dead letters in memory."""

    def __init__(self, *letters: OpenLetter) -> None:
        self.held = {one.name: one for one in letters}
        self.retried: list[str] = []
        self.discarded: list[str] = []

    async def open(self) -> OpenLetters:
        """Newest first."""
        return OpenLetters(sorted(self.held.values(), key=lambda one: -one.at), True)

    async def one(self, name: str) -> dict[str, Any] | None:
        """With an event."""
        if (found := self.held.get(name)) is None:
            return None
        told = {name: getattr(found, name) for name in ("tenant", "stage", "reason", "field", "detail")}
        return {"id": name, **told, "event": "as it was sent", "key": None, "value": "{}", "headers": []}

    async def retry(self, names: Sequence[str]) -> Dealt:
        """But for conflicts."""
        left = {name: "send it under another id" for name in names if self.held[name].reason == "id_conflict"}
        done = [name for name in names if name not in left]
        self.retried += done
        return Dealt(self._dealt(done), left)

    async def discard(self, names: Sequence[str]) -> Dealt:
        """All of them."""
        self.discarded += names
        return Dealt(self._dealt(names), {})

    def _dealt(self, names: Sequence[str]) -> Sequence[str]:
        for name in names:
            del self.held[name]
        return names


class MemoryVerifier:
    """Verifications that a test begins and ends."""

    def __init__(self) -> None:
        self.running: Run | None = None
        self.last: Run | None = None

    def state(self) -> Checked:
        """As a test left it."""
        return Checked(self.running, self.last)

    async def start(self, tenant: str | None) -> bool:
        """One at a time."""
        if self.running is not None:
            return False
        self.running = Run(tenant, NOW, 10, 100)
        return True

    async def cancel(self) -> bool:
        """End it."""
        found, self.running = self.running, None
        self.last = found and found._replace(ended=NOW, problem="it was cancelled")
        return found is not None


class MemoryJournal:
    """Blocks that a test writes; who reads them waits for more."""

    def __init__(self) -> None:
        self.held: list[tuple[str, Block]] = []
        self.away = False
        self.readers = 0

    def write(self, topic: str, *events: Row | Refusal) -> None:
        """Blocks as a worker makes them."""
        rows = [one for one in events if isinstance(one, Row)]
        refusals = [one for one in events if isinstance(one, Refusal)]
        blocks = encode_blocks(topic, 0, rows, refusals)
        self.held += [(tenant, decode_block(block)) for tenant, block in blocks]

    async def blocks(self, tenant: str) -> AsyncGenerator[Fetched, None]:
        """A tenant's own."""
        at = 0
        self.readers += 1
        try:
            while True:
                if self.away:
                    raise KafkaUnavailable("nothing listens")
                held = self.held[at:]
                at += len(held)
                yield Fetched([block for name, block in held if name == tenant], True)
                await asyncio.sleep(0.01)
        finally:
            self.readers -= 1


class MemoryAlerts:
    """A ledger in memory, shown at once as the runner shows it."""

    def __init__(self) -> None:
        self.entries, self.of_file = Entries(), list[Rule]()
        self.channels = [Channel(name="ops", tenant="acme", kind="stream")]
        self.written = 0

    async def view(self, tenant: str) -> dict[str, Any]:
        """As `alerts.desk.Desk` does."""
        rules = rules_of(tenant, self.of_file, self.entries)
        channels = [{"name": one.name, "kind": one.kind} for one in self.channels if one.tenant == tenant]
        return {"watched": True, **view(self.entries, tenant, rules, self.of_file), "channels": channels}

    def complaint(self, rule: Rule) -> tuple[str, str] | None:
        """As `alerts.desk.Desk` does."""
        if any((one.tenant, one.id) == (rule.tenant, rule.id) for one in self.of_file):
            return "id", f"{rule.id} is a rule of the settings file, which only that changes"
        return complaint(rule, self.channels)

    async def keep(self, rule: Rule) -> None:
        """Write it."""
        self.write(book.rule_entry(rule))

    async def drop(self, tenant: str, rule: str) -> None:
        """Write that it is no more."""
        self.write(book.no_rule(tenant, rule))

    async def mute(self, tenant: str, rule: str, until: int | None, by: str, at: int) -> None:
        """Write until when."""
        self.write(book.mute(tenant, rule, until, by, at))

    async def ack(self, tenant: str, rule: str, number: int, by: str, at: int) -> None:
        """Write who."""
        self.write(book.ack(tenant, rule, number, by, at))

    def write(self, *entries: Entry) -> None:
        """As the ledger does."""
        for entry in entries:
            self.written += 1
            self.entries.put(self.written, entry)


class Flaky(MemorySink):
    """A store that can go away."""

    away = False

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """As the store's, or refused."""
        self._check()
        return await super().snapshot(tenant, window)

    async def status(self, tenant: str) -> Any:
        """As the store's, or refused."""
        self._check()
        return await super().status(tenant)

    async def tenants(self) -> list[str]:
        """As the store's, or refused."""
        self._check()
        return await super().tenants()

    async def newest(self, tenant: str) -> str:
        """As the store's, or refused."""
        self._check()
        return await super().newest(tenant)

    def _check(self) -> None:
        if self.away:
            raise SinkUnavailable("redis://127.0.0.1:1: no answer within 2.0 s")


@dataclass
class Rig:
    """Stores, services and the app over them."""

    tokens: Sequence[ServeToken] = ()
    open: bool = False
    hosts: frozenset[str] = frozenset()
    now: int = NOW
    store: Flaky = field(default_factory=Flaky)
    history: MemoryHistory = field(default_factory=MemoryHistory)
    worker: Worker = field(default_factory=Worker)
    boards: MemoryBoards = field(default_factory=MemoryBoards)
    notes: MemoryBoards = field(default_factory=lambda: MemoryBoards(MOST_NOTES))
    event_sender: MemoryEventSender = field(default_factory=MemoryEventSender)
    lags: Lags = field(default_factory=NoKafka)
    workers: Workers = field(default_factory=NoWorkers)
    letters: Letters = field(default_factory=MemoryLetters)
    verifier: Verifier = field(default_factory=MemoryVerifier)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)
    collector: str = "http://127.0.0.1:8081/"
    keyed: bool = False
    position: int = 0

    def __post_init__(self) -> None:
        self.parts = Services(
            self.store, self.history, self.worker, self.boards, self.lags, self.workers, self.letters,
            self.verifier, self.journal, Tokens(self.tokens, lambda: self.now),
            lambda: self.now, self.hosts, self.open, collector=self.collector, keyed=self.keyed, alerts=self.alerts,
            annotations=self.notes, event_sender=self.event_sender,
        )  # fmt: skip
        self.app = create_app(self.parts)

    def client(self, address: str = "127.0.0.1", host: str = "localhost", **headers: str) -> httpx.AsyncClient:
        """A client at some address; without following redirects."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 40_000))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers)

    async def publish(self, *documents: dict[str, Any], tenant: str = "acme", **fields: Any) -> None:
        """One more publication of a tenant."""
        self.position += 1
        one = Publication(tenant, 0, self.position, AS_OF + self.position - 1, documents)
        await self.store.publish(one._replace(**fields))

    async def fill(self) -> None:
        """A small board of two tenants."""
        segments = [
            document("win_rate", value=0.5, unit="ratio", segment={"owner": owner}, n=n, numerator=n)
            for owner, n in (("anna", 3), ("ben", 9), ("__other__", 50))
        ]
        own = [
            document("orders", value=7),
            document("win_rate", value=0.5, unit="ratio"),
            document("net_revenue", value="1290.50", unit="money", currency="EUR", numerator="1290.50"),
            *segments,
            document("orders", value=2, n=2, **TODAY),
            document("orders", value=40, n=40, **MONTH),
            document("orders", value=9, n=9, **WEEK),
        ]
        await self.publish(*own)
        await self.publish(document("orders", value=1), tenant="other")
        days = {f"2026-11-{day:02d}": Point(day, day) for day in range(1, 14)}
        self.history.points["acme", "orders", "day"] = days | {"2026-11-05": Point(None, 0, "no_data")}
        self.history.points["acme", "orders", "month"] = {"2026-09": Point(30, 30), "2026-10": Point(31, 31)}
        self.history.points["acme", "orders", "hour"] = {"2026-11-14T09Z": Point(1, 1), "2026-11-14T08Z": Point(1, 1)}
