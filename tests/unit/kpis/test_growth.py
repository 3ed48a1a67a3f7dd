"""What a tenant may bring is bounded: values of a dimension, types, pages. Sums stay those of all events."""

from random import Random
from typing import Any

import orjson
import pytest

from kpis.cells import segments as kept_in
from kpis.state import tenant_state
from kpis.state.stored import json_bytes
from models.record import UNKNOWN_TYPE, Row
from models.settings import TenantBook
from tests.feed import Feed, ms
from tests.property.lanes import Lane, batches

AT = ms("2026-03-01")
AS_OF = ms("2026-03-10")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are many here."""
    monkeypatch.setattr(kept_in, "VALUES_KEPT", 20)
    monkeypatch.setattr(kept_in, "VALUES_AN_ENTRY", 8)
    monkeypatch.setattr(tenant_state, "UNKNOWN_TYPES", 5)


def story() -> Feed:
    """Sixty campaigns, countries, pages, stages and types, each several times."""
    feed, rng = Feed(), Random(5)
    for number in range(300):
        time, name = AT + number * 60_000, str(rng.randrange(60))
        traits = {"country": f"c{name}"}
        match number % 5:
            case 0:
                feed.add("link.clicked", time, anonymous_id=f"v{name}", link_url="/", campaign={"name": f"k{name}"})
            case 1:
                feed.add("page.viewed", time, anonymous_id=f"v{name}", url=f"/p{name}", click_id=f"g{number}")
            case 2:
                data: dict[str, Any] = {"deal_id": f"d{name}", "traits": traits, "to_stage": f"s{name}"}
                feed.add("deal.stage_changed", time, **data)
            case 3:
                order: dict[str, Any] = {"order_id": f"o{number}", "amount": 100, "currency": "EUR", "traits": traits}
                feed.add("order.completed", time, customer_id=f"c{name}", **order)
            case _:
                feed.add(f"zoo.event{name}", time, received=time + 10**7, flags=UNKNOWN_TYPE, customer_id=f"c{name}")
    return feed


def taken(feed: Feed, book: TenantBook | None = None, restart: bool = True) -> Lane:
    """A lane that took a story in ten batches and was restarted after each."""
    lane = Lane(book or TenantBook())
    rows = [row for row in feed.items if isinstance(row, Row)]
    for start in range(0, len(rows), 30):
        part = rows[start : start + 30]
        lane.take(batches([row._replace(tenant="t") for row in part], [start] * len(part), [False] * len(part)))
        if restart:
            lane.restart(start)
        assert lane.engine.recount("t") == []
    return lane


def segments(lane: Lane, dimension: str) -> set[str]:
    """Values of a dimension that cells are kept of."""
    found = {segment for _, segment in lane.engine.state("t").tenant.cells.series.numbers}
    return {one.partition("=")[2] for one in found if one.startswith(f"{dimension}=")}


@pytest.mark.parametrize("restart", [True, False])
def test_a_dimension_has_so_many_values_and_the_rest_together(restart: bool) -> None:
    """Cells stay the contribution of the facts through every restart, and nothing is lost from the sums."""
    lane = taken(story(), TenantBook.from_mapping({"tenant": {"segment_cap": 1000}}), restart)
    for dimension in ("campaign", "country", "stage"):
        found = segments(lane, dimension)
        assert len(found - {"unknown", "__other__"}) <= 20, dimension
        assert "__other__" in found, dimension
    documents = lane.engine.documents("t", AS_OF, live=False, full=True)
    orders = [one for one in documents if one["kpi"] == "net_revenue" and one["window"] == "30d"] or [
        one for one in documents if one["kpi"] == "new_customers" and one["window"] == "30d"
    ]
    whole = next(one["numerator"] or one["value"] for one in orders if not one["segment"])
    parts = [one["numerator"] or one["value"] for one in orders if "country" in one["segment"]]
    assert sum(map(float, parts)) == float(whole)
    assert {"country": "__other__"} in [one["segment"] for one in orders]


def test_the_list_of_a_full_dimension_is_stored_once_in_pieces() -> None:
    """No entry grows: what is full takes no more."""
    lane = taken(story())
    stored = {name: value for name, value in lane.entries.items() if name.split(b"\0")[1] == b"values"}
    for dimension in (b"campaign", b"country", b"stage"):
        lists = [orjson.loads(value or b"") for name, value in stored.items() if name.split(b"\0")[2] == dimension]
        assert len(lists) == 3
        assert sum(map(len, lists)) >= 20
    before = dict(stored)
    feed = Feed()
    feed.add("link.clicked", AT, key="new", anonymous_id="v", link_url="/", campaign={"name": "brand new"})
    lane.take(batches([row._replace(tenant="t") for row in feed.items if isinstance(row, Row)], [999], [False]))
    after = {name: value for name, value in lane.entries.items() if name.split(b"\0")[1] == b"values"}
    assert after == before
    assert lane.engine.recount("t") == []


def test_settings_and_erasure_count_again_with_the_same_lists() -> None:
    """What was turned away stays so."""
    lane = taken(story())
    before = segments(lane, "campaign")
    lane.engine.configure(TenantBook.from_mapping({"tenant": {"tz": "Asia/Tokyo"}}))
    assert lane.engine.outdated() == ["t"]
    lane.settle()
    assert segments(lane, "campaign") == before
    assert lane.engine.recount("t") == []
    feed = Feed()
    feed.add("privacy.erasure_requested", AT + 10**8, key="erase", anonymous_id="v1")
    lane.take(batches([row._replace(tenant="t") for row in feed.items if isinstance(row, Row)], [999], [False]))
    assert lane.engine.recount("t") == []


def test_pages_are_bounded_too() -> None:
    """Each page has numbers of its own, but for those beyond."""
    lane = taken(story())
    pages = set(lane.engine.state("t").tenant.landings.pages.segments())
    assert len(pages) <= 21
    assert "page=__other__" in pages


def test_unknown_types_are_entries_of_their_own_and_bounded() -> None:
    """The entry of the tenant holds none of them."""
    lane = taken(story())
    meta = next(value for name, value in lane.entries.items() if name.split(b"\0")[1] == b"meta")
    assert not any("zoo" in label for label in orjson.loads(meta or b"")["types"])
    kept = {name for name in lane.entries if name.split(b"\0")[1] == b"type"}
    assert len(kept) == 6
    assert "crm.__other__" in lane.engine.state("t").types
    late = [
        measure
        for measure, _ in lane.engine.state("t").tenant.cells.series.numbers
        if measure.startswith("late:crm.zoo")
    ]
    assert len(late) <= 5


def test_types_that_an_earlier_build_stored_move_out_of_the_tenants_entry() -> None:
    """With the next batch."""
    lane = taken(story(), restart=False)
    name = next(name for name in lane.entries if name.split(b"\0")[1] == b"meta")
    old = orjson.loads(lane.entries[name] or b"")
    old["types"] += [f"crm.old.type{number}" for number in range(9)]
    lane.entries[name] = orjson.dumps(old)
    lane.restart(1)
    feed = Feed()
    feed.add("link.clicked", AT, key="new", anonymous_id="v", link_url="/")
    lane.take(batches([row._replace(tenant="t") for row in feed.items if isinstance(row, Row)], [999], [False]))
    lane.restart(2)
    assert {f"crm.old.type{number}" for number in range(9)} <= lane.engine.state("t").types


def test_sums_beyond_64_bits_are_stored_exactly() -> None:
    """Thirty of the largest amounts."""
    feed = Feed()
    for number in range(30):
        feed.add("order.completed", AT, customer_id="c", order_id=f"o{number}", amount=10**18 - 1, currency="EUR")
    lane = taken(feed, restart=False)
    lane.restart(1)
    assert lane.engine.recount("t") == []
    assert 30 * (10**18 - 1) in lane.cells("t").values()
    assert json_bytes({"a": 2**70}) == b'{"a":%d}' % 2**70
    assert lane.documents("t", AS_OF)
