"""Cells that are counted again: what stays, what moves, and what another build makes of it."""

from typing import Any

import orjson
import pytest

from cli.entries import Entries
from cli.recount import Verdict, check_entries
from kpis.calendar.zone import day_date, zone
from kpis.cells.cells import Cells
from kpis.cells.table import CARRY
from kpis.engine import Engine
from kpis.intake import batch
from kpis.slices import PACE, Pace, Work, finish
from kpis.state import definition, rebuild, redefined
from kpis.state.redefined import moved_days
from kpis.state.stored import first_generation
from kpis.tenant.tenant import Tenant
from models.record import BOT, Row
from models.settings import TenantBook
from tests.feed import Feed, ms


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


def restored(stored: dict[bytes, bytes | None], settings: TenantBook, pace: Pace = PACE) -> Engine:
    """An engine of stored entries."""
    engine = Engine(settings, pace)
    for key, value in stored.items():
        engine.load(key, value)
    finish(engine.restored())
    return engine


def settled(engine: Engine) -> dict[bytes, bytes | None]:
    """What all work that waits stores."""
    found: dict[bytes, bytes | None] = {}
    while engine.pending:
        while engine.step():
            pass
        found |= dict(engine.finish().entries)
    return found


def test_a_date_without_a_time_stays_that_day_in_another_zone() -> None:
    """Closes, effects and due dates are stored as the dates they were given as; instants stay instants."""
    feed, engine = Feed(), Engine(book(tz="Pacific/Auckland"))
    feed.add("deal.won", "2026-06-20", deal_id="d", customer_id="c", closed_at="2026-06-01")
    feed.add("deal.won", "2026-06-20", deal_id="e", customer_id="c", closed_at=ms("2026-05-31T12:00:00Z"))
    feed.add("renewal.due", "2026-06-20", contract_id="k", customer_id="c", due_at="2026-06-01", amount=1,
             currency="EUR")  # fmt: skip
    feed.add("subscription.started", "2026-06-20", subscription_id="s", customer_id="c", mrr=1, currency="EUR",
             effective_at="2026-06-01")  # fmt: skip
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    moved = restored(dict(engine.finish().entries), book(tz="America/Los_Angeles"))
    settled(moved)
    for one, midnight, won in ((engine, "2026-05-31T12:00:00Z", 2), (moved, "2026-06-01T07:00:00Z", 1)):
        tenant, at = one.state("t").tenant, ms(midnight)
        assert [event.data["closed_at"] for event in tenant.deals["d"]] == [at]
        assert [event.data["due_at"] for event in tenant.contracts["k"]] == [at]
        assert [event.effective for event in tenant.subscriptions["s"]] == [at]
        documents = one.documents("t", ms("2026-06-25"), live=False, full=True)
        found = {doc["kpi"]: doc["value"] for doc in documents if doc["window"] == "month" and not doc["segment"]}
        assert (found["closed_won_deals"], found["mrr_new"]) == (won, "0.01")


def test_what_an_earlier_release_kept_as_closed_at_harms_nothing() -> None:
    """It did not look at that of a creation."""
    feed, engine = Feed(), Engine(book())
    feed.add("deal.created", "2026-06-20", deal_id="d", closed_at="some day in June")
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    again = restored(dict(engine.finish().entries), book())
    documents = again.documents("t", ms("2026-06-25"), live=False, full=True)
    assert [doc["value"] for doc in documents if (doc["kpi"], doc["window"]) == ("open_pipeline", "month")][:1] == [1]


def test_nothing_is_done_where_nothing_changed() -> None:
    """Neither after a restart nor when the file says the same again."""
    engine = restored(counted(Engine(book())), book())
    engine.configure(book(tz="UTC"))
    assert engine.outdated() == []


def test_other_settings_make_a_generation_of_cells_and_leave_none_of_before() -> None:
    """The day pane of the order moves; the definition rises once; facts are as they were."""
    stored = counted(Engine(book()))
    engine = restored(stored, book(tz="Europe/Helsinki"))
    assert engine.outdated() == ["t"]
    changed = settled(engine)
    day = ms("2026-03-01") // 86_400_000
    assert f"gt\0001\0\0\0d{day}".encode() not in changed
    assert orjson.loads(changed[f"gt\0001\0\0\0d{day + 1}".encode()] or b"")["orders"] == 1
    assert {changed[key] for key in stored if key[:1] == b"c"} == {None}
    meta = orjson.loads(changed[b"ft\0meta\0"] or b"")
    assert (meta["definition"], meta["redefined"][0]) == (2, 1)
    assert meta["counted"] is None, "a build that knows no generations counts again"
    assert not [key for key in changed if key[:1] == b"f" and key.split(b"\0")[1] not in (b"meta", b"settings")]
    again = restored({**stored, **changed}, book(tz="Europe/Helsinki"))
    assert (again.outdated(), again.pending, again.recount("t")) == ([], False, [])


def test_until_the_switch_a_restart_goes_on_with_the_settings_of_before() -> None:
    """The numbers stay those that are published; what the first attempt left behind goes."""
    stored = counted(Engine(book()))
    engine = restored(stored, book(tz="Europe/Helsinki"), Pace(entries=1))
    while engine.step():
        pass
    stored |= dict(engine.finish().entries)
    assert [key for key in stored if key[:1] == b"g"]
    again = restored(stored, book(tz="Europe/Helsinki"))
    assert again.state("t").tenant.settings.tz == "UTC"
    assert (again.outdated(), again.recount("t"), again.state("t").definition) == (["t"], [], 1)
    stored |= settled(again)
    assert {key[:4] for key, value in stored.items() if value is not None and key[:1] in b"cg"} == {b"gt\x002"}


def test_a_redefinition_that_raises_leaves_the_numbers_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told once, and tried again when the settings change once more."""
    engine = restored(counted(Engine(book())), book())
    failing = {"now": True}

    def contribute(tenant: Tenant, cells: Cells) -> Work:
        if failing["now"]:
            raise ArithmeticError
        return rebuild.contribute(tenant, cells)

    monkeypatch.setattr(redefined, "contribute", contribute)
    engine.configure(book(tz="Europe/Helsinki"))
    failures = []
    while engine.pending:
        while engine.step():
            pass
        failures += engine.finish().failures
    assert failures == [("t", "ArithmeticError")]
    assert (engine.outdated(), engine.recount("t"), engine.state("t").definition) == (["t"], [], 1)
    failing["now"] = False
    engine.configure(book(tz="Asia/Tokyo"))
    settled(engine)
    assert (engine.outdated(), engine.recount("t"), engine.state("t").definition) == ([], [], 2)


def test_a_row_that_a_redefinition_cannot_take_is_counted_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once both are counted, too."""
    engine = restored(counted(Engine(book())), book(), Pace(entries=1))
    engine.configure(book(tz="Europe/Helsinki"))
    while engine.step():
        pass
    engine.finish()
    take = batch.take

    def fail(tenant: Tenant, row: Row, gone: frozenset[str] = frozenset()) -> None:
        if tenant.settings.tz != "UTC":
            raise KeyError(row.id)
        take(tenant, row, gone)

    monkeypatch.setattr(batch, "take", fail)
    feed = Feed()
    feed.add("order.completed", "2026-03-02T10:00:00Z", customer_id="c1", order_id="o2", amount=100, currency="EUR")
    rows = [list(row._replace(offset=9, identity=1)) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    assert engine.finish().failures == [("t", "KeyError")]
    settled(engine)
    assert (engine.recount("t"), engine.state("t").tenant.cells.before("orders", "", 1 << 27)) == ([], 2)


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
        stored |= settled(engine)
        assert orjson.loads(stored[b"ft\0meta\0"] or b"")["definition"] == number
    assert stored[b"ft\0novelty\0one"] == b"[1]"
    assert stored[b"ct\0novel=1\0\0d20000"] is None


def test_a_dimension_that_comes_back_finds_what_was_stored_without_it() -> None:
    """Messages, touches and clicks keep their segments in the dimensions of now, in memory and as they are stored."""
    tiers, feed = book(dimensions=["tier"]), Feed()
    traits = {"tier": "gold", "country": "FI"}
    for kind in ("email.sent", "email.delivered", "social.liked"):
        feed.add(kind, "2026-03-01T10:00:00Z", message_id="m", network="x", customer_id="c1", traits=traits)
    feed.add("link.clicked", "2026-03-01T10:00:00Z", customer_id="c1", link_url="/", traits=traits)
    engine = Engine(tiers)
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    stored = dict(engine.finish().entries)
    assert b"tier=gold" in b"".join(value or b"" for key, value in stored.items() if key[:1] == b"f")
    for other in (book(dimensions=[]), tiers):
        engine.configure(other)
        stored |= settled(engine)
        assert engine.recount("t") == []
    engine = restored({key: value for key, value in stored.items() if value is not None}, tiers)
    assert engine.outdated() == []
    assert engine.recount("t") == []


def test_old_panes_are_put_together_a_part_at_a_time() -> None:
    """Sums stay while it goes on, and a restart in the middle goes on with it."""
    cells = Cells(zone("UTC"))
    for day in range(4_000):
        cells.put(("orders", "", "d", day), 1)
        cells.put(("net:EUR", "", "d", day), day)
    cells.expire(4_100 * 1440)
    sums = [cells.before("orders", "", 4_000 * 1440)]
    while cells.folding:
        cells.fold(1)
        sums.append(cells.before("orders", "", 4_000 * 1440))
    assert set(sums) == {4_000}
    assert len(sums) > 2
    assert {pane for (_, _, _, pane), _ in cells.items() if pane < cells.floors["d"]} == {CARRY}


def test_a_state_of_an_earlier_build_is_counted_again() -> None:
    """It does not say what it was counted with."""
    stored = counted(Engine(book()))
    meta = orjson.loads(stored[b"ft\0meta\0"] or b"")
    stored[b"ft\0meta\0"] = orjson.dumps({k: v for k, v in meta.items() if k not in ("definition", "counted", "tz")})
    engine = restored(stored, book())
    assert engine.outdated() == ["t"]
    stored |= settled(engine)
    assert restored(stored, book()).outdated() == []


def test_days_that_a_release_before_counted_move_as_far_as_its_quarter_hours_reach() -> None:
    """Before them they stay as they were counted; sums stay in any case."""
    old, new = zone("UTC"), zone("Asia/Tokyo")
    quarter = 20_000 * 96 + 70  # 17:30 UTC: the next day in Tokyo
    moved = moved_days({19_990: 5, 20_000: 9}, {quarter: 6, quarter - 40: 2}, old, new)
    assert moved == {19_990: 5, 20_000: 3, 20_001: 6}


def test_a_company_that_moves_has_the_counters_of_its_new_days() -> None:
    """However long ago records were received, and whichever of them came last; money by the rates of its new days."""
    feed = Feed()
    for day in range(0, 900, 14):
        at = ms("2024-01-01T15:30:00Z") + day * 86_400_000
        feed.add("deal.won", at, deal_id=f"d{day}", amount=100, currency="USD", received=at + day % 5 * 3_600_000)
        feed.add("page.viewed", at, anonymous_id="robot", url="/", flags=BOT)
        feed.add("fx.rate_set", at, base="EUR", quote="USD", rate="1.1", date=f"{day_date(at // 86_400_000 - 7)}")
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    blocks = [rows[75:], rows[:75]]
    engines = [Engine(book(tz=tz)) for tz in ("America/New_York", "Asia/Tokyo")]
    for engine in engines:
        for partition, block in enumerate(blocks):
            engine.apply({"topic": "x", "partition": partition, "rows": block, "refused": []}, "t", 1)
            engine.finish()
    moved, fresh = engines
    moved.configure(book(tz="Asia/Tokyo"))
    settled(moved)
    for as_of in ("2026-06-20T15:00:00Z", "2025-04-30T15:00:00Z", "2024-12-31T15:00:00Z"):
        both = [strip(engine.documents("t", ms(as_of), live=False, full=True)) for engine in engines]
        assert both[0] == both[1]
    rates = {d["numerator"] for d in fresh.documents("t", ms("2026-06-20"), live=False) if d["kpi"] == "unpriced_rate"}
    assert max(rates) > 50, "in Tokyo each rate is of eight days before its deal"


def test_forms_without_a_session_are_of_the_new_local_days() -> None:
    """Begun before midnight and sent after it a form is abandoned. The release before stored the local day."""
    feed = Feed()
    feed.add("form.started", "2026-03-01T14:50:00Z", anonymous_id="a", form_id="f")
    feed.add("form.submitted", "2026-03-01T15:10:00Z", anonymous_id="a", form_id="f")
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    moved = Engine(book(tz="America/New_York"))
    moved.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    stored = dict(moved.finish().entries)
    assert abandoned(moved) == 0
    moved.configure(book(tz="Asia/Tokyo"))
    settled(moved)
    assert abandoned(moved) == 1
    (start, _), _ = ((key, stored.pop(key)) for key in sorted(stored) if key.startswith(b"ft\0form\0"))
    stored[start.rsplit(b"\0", 1)[0] + b"\0d20513"] = orjson.dumps([rows[0][6], True])
    before = restored(stored, book(tz="America/New_York"))
    assert (abandoned(before), before.recount("t")) == (0, [])


def abandoned(engine: Engine) -> Any:
    """The share of forms."""
    found = engine.documents("t", ms("2026-03-10"), live=False)
    return next(d["value"] for d in found if (d["kpi"], d["window"]) == ("form_abandonment_rate", "all"))


def strip(documents: list[Any]) -> list[Any]:
    """Documents without the number of their definition."""
    return [{**document, "definition": None} for document in documents]


def test_documents_say_which_definition_they_are_of() -> None:
    """A reader sees that a number was counted anew."""
    engine = restored(counted(Engine(book())), book(currency="USD"))
    settled(engine)
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


def test_verify_sees_the_generation_that_holds() -> None:
    """As if it were the first; what an attempt that ended early left behind is none of its business."""
    engine = restored(counted(Engine(book())), book(low_n=5))
    stored = {key: value for key, value in settled(engine).items() if value is not None}
    fresh = {key: value for key, value in counted(Engine(book(low_n=5))).items() if value is not None}
    verdict = Verdict()
    stored = {key: value for key, value in fresh.items() if key[:1] != b"c"} | stored
    with Entries() as entries:
        entries.keep({**stored, b"gt\x007\0\0\0d20000": b"{}"}.items())
        entries.count_once()
        entries.count(fresh.items())
        check_entries(entries.pairs(), bool, verdict, lambda tenant: {})
    assert (verdict.different, verdict.cells > 0) == (0, True), verdict.shown


def asking(number: int, times: int = 1) -> list[list[Any]]:
    """Rows of a batch: orders of so many customers, and requests that erase those of the batch before."""
    feed = Feed()
    for at in range(number * times, (number + 1) * times):
        order: dict[str, Any] = {"customer_id": f"c{at}", "order_id": f"o{at}", "amount": 100, "currency": "EUR"}
        feed.add("order.completed", "2026-03-02T10:00:00Z", key=f"e{at}", **order)
        feed.add("privacy.erasure_requested", "2026-03-02T11:00:00Z", key=f"r{at}", customer_id=f"c{at - times}")
    first = 2 * number * times
    return [list(row._replace(offset=first + at)) for at, row in enumerate(feed.items) if isinstance(row, Row)]


def kept(stored: dict[bytes, bytes | None]) -> dict[bytes, Any]:
    """What is stored, as if cells had been counted once; the sums of cells without their order."""
    found = {first_generation(key): value for key, value in stored.items() if value and b"\0meta\0" not in key}
    return {key: orjson.loads(value) if key[:1] == b"c" else value for key, value in found.items()}


def test_it_ends_though_every_batch_holds_requests_for_erasure() -> None:
    """They are carried out in both, so nothing begins anew; what is left is what the new settings alone leave."""
    engine, other = Engine(book(), Pace(units=300, entries=20)), Engine(book(tz="Europe/Helsinki"))
    stored: dict[bytes, bytes | None] = {}
    fresh: dict[bytes, bytes | None] = {}

    def take(number: int) -> set[str]:
        for one, entries in ((engine, stored), (other, fresh)):
            one.apply({"topic": "x", "partition": 0, "rows": asking(number, 4), "refused": []}, "t", 1)
            while one.unapplied:
                one.apply_more()
                for _ in range(3):
                    one.step()
            outcome = one.finish()
            entries |= dict(outcome.entries)
            if one is engine:
                switched = outcome.redefined
        return switched

    for number in range(10):
        take(number)
    engine.configure(book(tz="Europe/Helsinki"))
    ended = next((number for number in range(10, 40) if take(number)), None)
    assert ended is not None
    assert ended > 12, "it was over before a request came in its middle"
    stored |= settled(engine)
    assert (engine.outdated(), engine.recount("t")) == ([], [])
    assert kept(stored) == kept(fresh)
