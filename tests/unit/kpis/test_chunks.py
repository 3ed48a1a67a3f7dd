"""Entries stay small, however many events one object has, and a restart makes the same lists of them."""

from random import Random
from typing import Any

import orjson
import pytest

from kpis.engine import Engine
from kpis.intake.kinds import LISTS
from kpis.state.stored import chunk_key
from kpis.tenant import chunks
from kpis.tenant.chunks import FULL, MORE
from models.record import Row
from models.tenants import TenantBook
from tests.feed import Feed, ms

START = ms("2026-06-01T10:00:00Z")
Entries = dict[bytes, bytes | None]
ABOUT: dict[str, tuple[str, dict[str, Any]]] = {
    "deal": ("deal.updated", {"deal_id": "x", "stage": "open", "amount": 100, "currency": "EUR"}),
    "order": ("order.refunded", {"order_id": "x", "amount": 1, "currency": "EUR"}),
    "subscription": ("subscription.changed", {"subscription_id": "x", "mrr": 100, "currency": "EUR"}),
    "contract": ("renewal.lost", {"contract_id": "x", "reason": "price"}),
    "lead": ("lead.contacted", {"lead_id": "x"}),
    "customer": ("customer.reactivated", {"customer_id": "x"}),
    "answers": ("survey.answered", {"user_id": "x", "survey_id": "s", "survey_type": "nps", "score": 9}),
    "scores": ("survey.answered", {"user_id": "x", "survey_id": "s", "survey_type": "csat", "score": 4}),
    "late": ("customer.reactivated", {"customer_id": "x"}),
    "record": ("record.created", {"object": "o", "record_id": "x"}),
    "ticket": ("ticket.opened", {"ticket_id": "x"}),
    "cost": ("cost.recorded", {"cost_id": "x", "amount": 1, "currency": "EUR", "purpose": "acquisition"}),
    "target": ("target.set", {"kpi": "orders", "window": "month", "value": "1"}),
    "conversion": ("order.completed", {"order_id": "x", "customer_id": "x", "amount": 100, "currency": "EUR"}),
}


def told(kind: str, number: int, times: int, **more: Any) -> list[Row]:
    """So many events of one thing, each a second after the one before."""
    feed = Feed()
    type_, data = ABOUT[kind]
    data = data | more
    for at in range(number, number + times):
        when = START + at * 1000
        feed.add(type_, when, key=f"e{at}", received=when + 10_000_000 * (kind == "late"), **data)
    return [row._replace(offset=number + at) for at, row in enumerate(feed.items) if isinstance(row, Row)]


def take(engine: Engine, rows: list[Row], entries: Entries) -> dict[bytes, int]:
    """Count a batch; the sizes of the entries it wrote."""
    engine.apply({"topic": "x", "partition": 0, "rows": [list(row) for row in rows], "refused": []}, "t", 1)
    written = dict(engine.finish().entries)
    entries.update(written)
    return {key: len(value or b"") for key, value in written.items()}


def restarted(entries: Entries, seed: int) -> Engine:
    """An engine of stored entries, in any order."""
    engine, kept = Engine(TenantBook()), [entry for entry in entries.items() if entry[1] is not None]
    Random(seed).shuffle(kept)
    for key, value in kept:
        engine.load(key, value)
    for _ in engine.restored():
        pass
    return engine


def test_there_is_an_example_of_every_list() -> None:
    """A new one needs one, too."""
    assert ABOUT.keys() == LISTS.keys()


@pytest.mark.parametrize("kind", ABOUT)
def test_entries_stay_small_and_are_put_together_again(kind: str) -> None:
    """In batches of any size, also when the engine goes on after a restart."""
    random, engine, entries, at = Random(7), Engine(TenantBook()), Entries(), 0
    for size in (1, 3, 400, 1, 150, 2):
        written = take(engine, told(kind, at, size), entries)
        at += size
        kinds = {key.split(b"\0")[1].decode().removesuffix(MORE) for key in written}
        assert kind in kinds
        assert max(written.values()) <= FULL + 2
        before = {name: list(facts) for name, facts in LISTS[kind].table(engine.state("t").tenant).items()}
        engine = restarted(entries, random.randrange(99))
        assert LISTS[kind].table(engine.state("t").tenant) == before
    assert sum(map(len, before.values())) == at
    assert engine.recount("t") == []


def test_one_more_event_rewrites_one_piece() -> None:
    """However many there are."""
    engine, entries = Engine(TenantBook()), Entries()
    take(engine, told("deal", 0, 2000), entries)
    assert len([key for key in entries if key.split(b"\0")[1] == b"deal+"]) >= 10
    written = take(engine, told("deal", 2000, 1), entries)
    assert len([key for key in written if key.split(b"\0")[1].startswith(b"deal")]) == 1


def test_a_list_that_was_stored_whole_is_cut_when_it_grows() -> None:
    """As builds before this one stored them."""
    engine, entries = Engine(TenantBook()), Entries()
    take(engine, told("deal", 0, 1000), entries)
    whole = {key: value for key, value in entries.items() if key.split(b"\0")[1] != b"deal+"}
    whole[b"ft\0deal\0x"] = orjson.dumps(LISTS["deal"].encode(engine.state("t").tenant, "x"))
    again = restarted(whole, 1)
    assert again.recount("t") == []
    written = take(again, told("deal", 1000, 1), whole)
    assert max(written.values()) <= FULL + 2
    last = restarted(whole, 2)
    assert len(last.state("t").tenant.deals["x"]) == 1001
    assert last.state("t").tenant.deals == again.state("t").tenant.deals


@pytest.mark.parametrize("mode", ["forget", "unpick"])
@pytest.mark.parametrize("kind", sorted(ABOUT.keys() - {"cost", "target"}))
def test_a_list_in_pieces_goes_with_its_subject(kind: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its entries: under the new name, shorter ones in fewer pieces, or nowhere; a restart finds the same."""
    monkeypatch.setattr(chunks, "FULL", 1_000)
    engine, entries = Engine(TenantBook()), Entries()
    who = {"customer_id": "somebody", "user_id": "x"}
    rows = told(kind, 0, 150, **who, traits={"country": "FI", "note": "n" * 90})
    take(engine, rows, entries)
    before = pieces(kind, entries)
    assert len(before) > 3
    request = Feed().add("privacy.erasure_requested", START + 10**8, key="request", customer_id="somebody", mode=mode)
    take(engine, [request._replace(offset=9_000)], entries)
    after = pieces(kind, entries)
    assert not [key for key, value in entries.items() if value is not None and b"somebody" in key + value]
    assert (len(after) == 0) == (mode == "unpick")
    assert sum(len(orjson.loads(value)) for value in after.values()) == (mode == "forget") * 150
    lists = dict(LISTS[kind].table(engine.state("t").tenant))
    again = restarted(entries, 3)
    assert LISTS[kind].table(again.state("t").tenant) == lists
    assert (engine.recount("t"), again.recount("t")) == ([], [])
    if mode == "forget":
        (name,) = lists
        assert after.keys() == {chunk_key("t", kind, name, number) for number in range(len(after))}


def pieces(kind: str, entries: Entries) -> dict[bytes, bytes]:
    """The entries that hold lists of a kind."""
    kinds = (kind.encode(), f"{kind}{MORE}".encode())
    return {key: value for key, value in entries.items() if value is not None and key.split(b"\0")[1] in kinds}
