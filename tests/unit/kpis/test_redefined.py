"""Cells that are counted again: what stays, what moves, and what another build makes of it."""

from typing import Any

import orjson
import pytest

from kpis import definition
from kpis.engine import Engine
from kpis.redefined import moved_days
from kpis.zone import zone
from models.record import Row
from models.settings import TenantBook
from tests.recount.feed import Feed, ms


def book(**settings: object) -> TenantBook:
    """Everybody has these settings."""
    return TenantBook.from_mapping({"tenant": settings})


def counted(engine: Engine) -> dict[bytes, bytes | None]:
    """What a batch of one order and one view stores."""
    feed = Feed()
    feed.add("order.completed", "2026-03-01T23:30:00Z", customer_id="c1", order_id="o1", amount=100, currency="EUR")
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    return dict(engine.finish().entries)


def restored(stored: dict[bytes, bytes | None], settings: TenantBook) -> Engine:
    """An engine of stored entries."""
    engine = Engine(settings)
    for key, value in stored.items():
        engine.load(key, value)
    for _ in engine.restored():
        pass
    return engine


def test_nothing_is_done_where_nothing_changed() -> None:
    """Neither after a restart nor when the file says the same again."""
    engine = restored(counted(Engine(book())), book())
    engine.configure(book(tz="UTC"))
    assert engine.outdated() == []


def test_cells_that_are_no_more_are_taken_back() -> None:
    """The day pane of the order moves; the definition rises once; entries of both are what is stored."""
    stored = counted(Engine(book()))
    engine = restored(stored, book(tz="Europe/Helsinki"))
    assert engine.outdated() == ["t"]
    engine.redefine("t")
    changed = dict(engine.finish().entries)
    day = ms("2026-03-01") // 86_400_000
    assert "orders" not in orjson.loads(changed[f"ct\0\0\0d{day}".encode()] or b"{}")
    assert orjson.loads(changed[f"ct\0\0\0d{day + 1}".encode()] or b"")["orders"] == 1
    assert orjson.loads(changed[b"ft\0meta\0"] or b"")["definition"] == 2
    assert not [key for key in changed if key[:1] == b"f" and b"\0meta\0" not in key], "facts are as they were"
    again = restored({**stored, **changed}, book(tz="Europe/Helsinki"))
    assert (again.outdated(), again.recount("t")) == ([], [])


def test_another_build_counts_again_and_keeps_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forth and back: each takes over with its own formulas; entries of unknown kinds harm nobody."""
    stored = counted(Engine(book()))
    stored[b"ft\0novelty\0one"] = b"[1]"
    stored[b"ct\0novel=1\0\0d20000"] = b'{"novel=1":7}'
    own = definition.FORMULA_VERSION
    for version, number in ((own + 1, 2), (own, 3)):
        monkeypatch.setattr(definition, "FORMULA_VERSION", version)
        engine = restored(stored, book())
        assert engine.outdated() == ["t"]
        engine.redefine("t")
        stored |= dict(engine.finish().entries)
        assert orjson.loads(stored[b"ft\0meta\0"] or b"")["definition"] == number
    assert stored[b"ft\0novelty\0one"] == b"[1]"
    assert stored[b"ct\0novel=1\0\0d20000"] is None


def test_a_state_of_an_earlier_build_is_counted_again() -> None:
    """It does not say what it was counted with."""
    stored = counted(Engine(book()))
    meta = orjson.loads(stored[b"ft\0meta\0"] or b"")
    stored[b"ft\0meta\0"] = orjson.dumps({k: v for k, v in meta.items() if k not in ("definition", "counted", "tz")})
    assert restored(stored, book()).outdated() == ["t"]


def test_quality_days_move_with_the_zone_as_far_as_quarter_hours_reach() -> None:
    """Before them days stay as they were counted; sums stay in any case."""
    old, new = zone("UTC"), zone("Asia/Tokyo")
    quarter = 20_000 * 96 + 70  # 17:30 UTC: the next day in Tokyo
    moved = moved_days({19_990: 5, 20_000: 9}, {quarter: 6, quarter - 40: 2}, old, new)
    assert moved == {19_990: 5, 20_000: 3, 20_001: 6}


def test_documents_say_which_definition_they_are_of() -> None:
    """A reader sees that a number was counted anew."""
    engine = restored(counted(Engine(book())), book(currency="USD"))
    engine.redefine("t")
    engine.finish()
    documents = engine.documents("t", ms("2026-03-10"), live=False, full=True)
    assert {document["definition"] for document in documents} == {2}
    assert definition.counted_with(book().default) != definition.counted_with(book(currency="USD").default)


def test_in_accounts_users_are_persons() -> None:
    """Two users of one customer are one visitor, or two; a view that names only the customer is the customer's."""
    feed = Feed()
    views: list[dict[str, Any]] = [{"user_id": "u1"}, {"user_id": "u2", "anonymous_id": "a"}, {"anonymous_id": "a"}, {}]
    for number, ids in enumerate(views):
        feed.add("page.viewed", f"2026-03-01T1{number}:00:00Z", customer_id="c1", url="/", **ids)
    found = {}
    for kind in ("person", "account"):
        engine = Engine(book(customer_is=kind))
        rows = [list(row) for row in feed.items if isinstance(row, Row)]
        engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
        engine.finish()
        documents = engine.documents("t", ms("2026-03-10"), live=False, full=True)
        found[kind] = next(d["value"] for d in documents if (d["kpi"], d["window"]) == ("visitors", "month"))
    assert found == {"person": 1, "account": 3}
