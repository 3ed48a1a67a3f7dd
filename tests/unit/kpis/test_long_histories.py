"""A customer with a long history whose events come out of order, in small batches: exact, with little recomputed."""

from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any, Final

import pytest

from kpis.cells.ledger import Contribution
from kpis.engine import Engine
from models.record import Block, Row
from models.tenants import TenantBook
from tests.feed import Feed, ms

Of = Callable[[str], Contribution]
START: Final = ms("2026-06-01T10:00:00Z")
SPAN: Final = 30 * 60_000
CAMPAIGN: Final = {"name": "spring", "source": "google", "medium": "cpc"}


def history(random: Random, session: int) -> list[Row]:
    """Half an hour of one customer: views in sessions of so many events, calls, orders, deals won more than once."""
    feed = Feed()
    feed.add("customer.created", "2026-05-20", customer_id="c1")
    for number in range(400):
        about: dict[str, Any] = {"customer_id": "c1"}
        kind = random.choice(("view",) * 6 + ("click", "login", "call", "order", "won", "lost"))
        if kind == "view":
            about |= {"session_id": f"s{number // session}", "url": f"https://a.example/{number % 3}"}
            about |= {"campaign": CAMPAIGN} if random.random() < 0.3 else {}
        elif kind == "order":
            about |= {"order_id": f"o{number}", "amount": 1000, "currency": "EUR"}
        elif kind in ("won", "lost"):
            about |= {"deal_id": f"d{number // 90}", "amount": 10_000, "currency": "EUR"}
        elif kind == "call":
            about |= {"direction": random.choice(("inbound", "outbound")), "outcome": "connected"}
        types = {"view": "page.viewed", "click": "link.clicked", "login": "user.signed_in", "call": "call.ended",
                 "order": "order.completed", "won": "deal.won", "lost": "deal.lost"}  # fmt: skip
        if kind == "login":
            about |= {"user_id": f"u{number % 2}"}
        if kind == "click":
            about |= {"url": "https://a.example/"}
        feed.add(types[kind], START + number * SPAN // 400, **about)
    return [row for row in feed.items if isinstance(row, Row)]


def disordered(rows: list[Row], random: Random, by: int) -> list[Row]:
    """Each comes up to ``by`` ms later than it happened."""
    return sorted(rows, key=lambda row: row.time + random.random() * by)


@pytest.mark.parametrize("by", [0, 30_000, 90_000, SPAN])
@pytest.mark.parametrize(("seed", "session"), [(0, 4), (1, 40), (2, 400)])
def test_whatever_comes_late_the_numbers_are_those_of_the_facts(seed: int, session: int, by: int) -> None:
    """Slightly out of order, more than tails of engagement are kept for, and in no order at all."""
    random, engine = Random(seed), Engine(TenantBook())
    rows = [row._replace(offset=offset) for offset, row in enumerate(disordered(history(random, session), random, by))]
    while rows:
        size = random.randint(1, 12)
        block: Block = {"topic": "x", "partition": 0, "rows": [list(row) for row in rows[:size]], "refused": []}
        engine.apply(block, "t", 1)
        engine.finish()
        rows = rows[size:]
    assert engine.recount("t") == []


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_session_may_begin_earlier_before_or_after_its_person_converts(order: tuple[int, ...]) -> None:
    """Twice, in other quarter hours, in any order with an order that makes the views converted ones."""
    feed, engine = Feed(), Engine(TenantBook())
    for minutes in (40, 20, 0):
        feed.add("page.viewed", START + minutes * 60_000, customer_id="c1", session_id="s", url="/")
    feed.add("order.completed", START + 3_600_000, customer_id="c1", order_id="o", amount=1000, currency="EUR")
    rows = [row for row in feed.items if isinstance(row, Row)]
    for offset, place in enumerate(order):
        row = list(rows[place]._replace(offset=offset))
        engine.apply({"topic": "x", "partition": 0, "rows": [row], "refused": []}, "t", 1)
        engine.finish()
    assert engine.recount("t") == []


def test_a_session_that_began_earlier_is_no_reason_to_make_landing_pages_again() -> None:
    """Only the minute changes; another sale does not recompute the credits of the others."""
    engine = Engine(TenantBook())
    feed = Feed()
    feed.add("order.completed", START - 5_000, customer_id="c1", order_id="o0", amount=1000, currency="EUR")
    for at in (0, 300_000, 600_000):
        feed.add("page.viewed", START + at, customer_id="c1", session_id=f"s{at}", url="/", campaign=CAMPAIGN)
    feed.add("order.completed", START + 900_000, customer_id="c1", order_id="o1", amount=1000, currency="EUR")
    feed.add("page.viewed", START + 500_000, customer_id="c1", session_id="s600000", url="/")
    feed.add("order.completed", START + 950_000, customer_id="c1", order_id="o2", amount=1000, currency="EUR")
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    made: set[str] = set()
    for part in (rows[:-2], rows[-2:]):
        made.clear()
        engine.apply({"topic": "x", "partition": 0, "rows": part, "refused": []}, "t", 1)
        engine.finish()
        kinds = engine.state("t").tenant.ledger.kinds
        kinds |= {kind: _noting(kinds[kind], made) for kind in ("landing", "credit")}
    assert made == {"order:o2"}
    assert engine.recount("t") == []


def _noting(of: Of, made: set[str]) -> Of:
    def noting(key: str) -> Contribution:
        made.add(key)
        return of(key)

    return noting


def test_a_won_deal_that_changes_its_owner_names_the_channel_of_touches_that_name_none() -> None:
    """A subject that only called is unknown; one that the CRM has told of by a deal is offline: late touches, too."""
    feed, engine = Feed(), Engine(TenantBook())
    call: dict[str, Any] = {"customer_id": "c1", "direction": "inbound", "outcome": "connected"}
    feed.add("call.ended", START, received=START + 3_600_000, **call)
    feed.add("order.completed", START + 60_000, customer_id="c1", order_id="o", amount=1000, currency="EUR")
    deal: dict[str, Any] = {"deal_id": "d", "amount": 1000, "currency": "EUR"}
    feed.add("deal.won", START + 90_000, customer_id="c2", **deal)
    feed.add("deal.updated", START + 120_000, customer_id="c1", **deal)
    for row in feed.items:
        engine.apply({"topic": "x", "partition": 0, "rows": [list(row)], "refused": []}, "t", 1)
        engine.finish()
        assert engine.recount("t") == []
