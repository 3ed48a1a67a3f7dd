"""Objects with many events: exact in any order of arrival and in any batches, and one more moves only what differs."""

import sys
from random import Random
from typing import Any

import orjson
import pytest

from kpis.cells.ledger import Contribution
from kpis.engine import Engine
from models.record import Row
from models.tenants import TenantBook
from tests.feed import Feed, ms

START = ms("2026-06-01T10:00:00Z")
COUNT = 260


def _order(random: Random) -> tuple[str, dict[str, Any]]:
    kind = random.choices(("refunded", "completed", "cancelled"), (200, 4, 1))[0]
    said: dict[str, Any] = {"amount": random.randrange(1, 90), "currency": random.choice(("EUR", "EUR", "EUR", "USD"))}
    if kind == "completed":
        said = {"amount": random.choice((5000, 500_000)), "currency": random.choice(("EUR", "USD")), "tax": 100}
    elif kind == "refunded" and random.random() < 0.3:
        said |= {"refund_id": f"r{random.randrange(20)}", "tax": random.randrange(9)}
    return f"order.{kind}", {"order_id": "x", **(said if kind != "cancelled" else {})}


def _subscription(random: Random) -> tuple[str, dict[str, Any]]:
    weights = (6, 60, 4, 4, 2, 2)
    kind = random.choices(("started", "changed", "paused", "resumed", "cancelled", "cancel_scheduled"), weights)[0]
    said: dict[str, Any] = {"subscription_id": "x" if random.random() < 0.9 else "y"}
    if kind in ("started", "changed"):
        said |= {"mrr": random.choice((0, 100, 100, 200, 700)), "currency": random.choice(("EUR", "EUR", "EUR", "USD"))}
    if kind == "cancel_scheduled" or (kind == "cancelled" and random.random() < 0.5):
        said["effective_at"] = START + random.randrange(200) * 86_400_000
    return f"subscription.{kind}", said


def _deal(random: Random) -> tuple[str, dict[str, Any]]:
    kinds = ("created", "stage_changed", "updated", "won", "lost", "reopened", "merged", "deleted")
    kind = random.choices(kinds, (2, 80, 10, 2, 2, 4, 1, 1))[0]
    said: dict[str, Any] = {"deal_id": "x"}
    if kind == "stage_changed":
        said["to_stage"] = random.choice(("one", "two", "three", "four", "Closed Won"))
    if kind in ("created", "updated"):
        said |= {"amount": random.randrange(100, 900), "currency": random.choice(("EUR", "USD"))}
        said |= {"owner_id": random.choice("pq")} if random.random() < 0.2 else {}
    if kind == "merged":
        said["into_deal_id"] = "z"
    return f"deal.{kind}", said


def _customer(random: Random) -> tuple[str, dict[str, Any]]:
    kind = random.choices(("created", "reactivated", "churned"), (2, 30, 5))[0]
    return f"customer.{kind}", {"source": random.choice("pq")} if random.random() < 0.5 else {}


def _lead(random: Random) -> tuple[str, dict[str, Any]]:
    kinds = ("created", "contacted", "converted", "unconverted", "disqualified", "updated")
    kind = random.choices(kinds, (2, 60, 4, 4, 1, 3))[0]
    said = {"lead_id": random.choice("lllllm")}
    if kind in ("converted", "unconverted") and random.random() < 0.8:
        said["deal_id"] = random.choice("xy")
    return f"lead.{kind}", said


def _call(random: Random) -> tuple[str, dict[str, Any]]:
    if random.random() < 0.05:
        return _lead(random)
    said = {"direction": random.choice(("outbound", "outbound", "inbound")), "outcome": "connected"}
    return "call.ended", {"lead_id": "l", **said}


KINDS = {
    "call": _call,
    "lead": _lead,
    "customer": _customer,
    "deal": _deal,
    "order": _order,
    "subscription": _subscription,
}
Told = tuple[str, dict[str, Any]]
# What an object begins with, and what then comes again and again.
STEADY: dict[str, tuple[Told, Told, Told]] = {
    "lead": (
        ("lead.created", {"lead_id": "l"}),
        ("lead.contacted", {"lead_id": "l"}),
        ("lead.contacted", {"lead_id": "l"}),
    ),
    "customer": (
        ("customer.created", {}),
        ("customer.reactivated", {}),
        ("customer.reactivated", {}),
    ),
    "deal": (
        ("deal.created", {"deal_id": "x", "amount": 100, "currency": "EUR"}),
        ("deal.stage_changed", {"deal_id": "x", "to_stage": "one"}),
        ("deal.stage_changed", {"deal_id": "x", "to_stage": "two"}),
    ),
    "order": (
        ("order.completed", {"order_id": "x", "amount": 10**6, "currency": "EUR"}),
        ("order.refunded", {"order_id": "x", "amount": 1, "currency": "EUR"}),
        ("order.refunded", {"order_id": "x", "amount": 2, "currency": "EUR"}),
    ),
    "subscription": (
        ("subscription.started", {"subscription_id": "x", "mrr": 100, "currency": "EUR"}),
        ("subscription.changed", {"subscription_id": "x", "mrr": 200, "currency": "EUR"}),
        ("subscription.changed", {"subscription_id": "x", "mrr": 300, "currency": "EUR"}),
    ),
}


def rows_of(kind: str, random: Random) -> list[list[Any]]:
    """Events of one object out of order, with what moves it to another customer, or the customer to another owner."""
    feed = Feed()
    for number in range(COUNT):
        when = START + (number * 7 + random.choice((0, 0, 0, 0, -300, 300))) * random.choice(
            (60_000, 60_000, 61_000, 9_000_000)
        )
        type_, said = KINDS[kind](random)
        heard = when + (10 * 86_400_000 if random.random() < 0.1 else 0)
        feed.add(type_, when, received=heard, customer_id="c", **said)
        if random.random() < 0.02:
            feed.add("customer.updated", when, customer_id="c", owner_id=f"o{random.randrange(3)}")
        if random.random() < 0.01:
            feed.add(type_, when, customer_id=random.choice("cd"), **said)
        if random.random() < 0.01:
            feed.add("identity.identified", when, customer_id="c", user_id=f"u{random.randrange(2)}")
        if random.random() < 0.03:
            feed.add("fx.rate_set", when, base="USD", quote="EUR", rate=f"0.{random.randrange(5, 9)}")
    rows = [row for row in feed.items if isinstance(row, Row)]
    return [list(row._replace(offset=offset)) for offset, row in enumerate(rows)]


def take(engine: Engine, rows: list[list[Any]]) -> dict[bytes, bytes | None]:
    """One batch, its entries."""
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    return dict(engine.finish().entries)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_in_any_order(kind: str, seed: int) -> None:
    """The cells are what the facts contribute, and what a restart makes of the entries goes on the same."""
    random, engine, stored = Random(seed), Engine(TenantBook()), dict[bytes, bytes | None]()
    rows = rows_of(kind, random)
    while rows:
        size = random.choice((1, 2, 9, 40))
        stored |= take(engine, rows[:size])
        rows = rows[size:]
        if not rows or random.random() < 0.1:
            assert engine.recount("t") == []
        if not rows or random.random() < 0.03:
            engine = restarted(stored)
    assert engine.recount("t") == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_read_from_the_beginning(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of an engine that reads on are those of one that reads all events each time."""
    rows = rows_of(kind, Random(kind))
    engine, plain = Engine(TenantBook()), Engine(TenantBook())
    for at in range(0, len(rows), 3):
        take(engine, rows[at : at + 3])
    for name, module in list(sys.modules.items()):
        if name.startswith("kpis.") and hasattr(module, "MANY"):
            monkeypatch.setattr(module, "MANY", 10**9)
    take(plain, rows)
    assert dict(engine.state("t").tenant.cells.items()) == dict(plain.state("t").tenant.cells.items())


@pytest.mark.parametrize("kind", KINDS)
def test_a_tenant_of_many_events_may_sleep(kind: str) -> None:
    """Packed between any two batches, it goes on as one that was not, and writes the same entries."""
    rows = rows_of(kind, Random(kind))
    sleeping, waking = Engine(TenantBook(), awake=0), Engine(TenantBook())
    for at in range(0, len(rows), 20):
        one, other = (take(engine, rows[at : at + 20]) for engine in (sleeping, waking))
        assert decoded(one) == decoded(other)
    assert sleeping.recount("t") == []


def decoded(entries: dict[bytes, bytes | None]) -> dict[bytes, Any]:
    """Entries; the sums of cells without their order."""
    return {key: orjson.loads(value) if value and key[:1] in b"cg" else value for key, value in entries.items()}


def restarted(stored: dict[bytes, bytes | None]) -> Engine:
    """An engine that begins with stored entries."""
    engine = Engine(TenantBook())
    for key, value in stored.items():
        engine.load(key, value)
    for _ in engine.restored():
        pass
    return engine


@pytest.mark.parametrize("kind", STEADY)
def test_one_more_moves_only_what_differs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there were."""
    engine, feed = Engine(TenantBook()), Feed()
    for number in range(300):
        type_, said = STEADY[kind][1 + number % 2 if number else 0]
        feed.add(type_, START + number * 61_000, customer_id="c", **said)
    rows = [list(row._replace(offset=at)) for at, row in enumerate(feed.items) if isinstance(row, Row)]
    take(engine, rows[:-1])
    moved: list[Any] = []
    ledger = engine.state("t").tenant.ledger
    move = ledger.move

    def watched(told: Contribution, sign: int = 1) -> None:
        deltas = list(told)
        moved.extend(deltas)
        move(deltas, sign)

    monkeypatch.setattr(ledger, "move", watched)
    take(engine, rows[-1:])
    assert 0 < len(moved) < 150
    assert engine.recount("t") == []
