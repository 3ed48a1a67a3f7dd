"""Settings that change in the middle of a story leave what a fresh engine with the new ones counts."""

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from kpis.cells.measures import is_counter
from kpis.slices import Pace
from kpis.state.stored import first_generation
from models.settings import TenantBook
from tests.property.events import TENANTS, Told, ends
from tests.property.lanes import JOURNAL_TS, Batches, Lane, World, arrivals, row_of, worlds
from tests.property.test_engine import variant, windows
from tests.property.test_erasure import IDS

BEFORE: Final[dict[str, Any]] = {"tz": "Europe/Helsinki", "dimensions": ["tier"], "low_n": 2}
# What is decided when an event is counted stays: the lateness of events, and which traits were read.
CHANGES: Final[dict[str, list[Any]]] = {
    "tz": ["Australia/Adelaide", "UTC", "America/St_Johns"],
    "currency": ["USD"],
    "email_rates_basis": ["period"],
    "dimensions": [[]],
    "segment_cap": [1],
    "nps_buckets": [[5, 7]],
    "inactivity_days": [7, 30],
    "stale_days": [1],
    "won_stages": [["proposal"]],
    "lost_stages": [[]],
    "net_of_tax": [False],
    "revenue_from": ["deals", "both"],
    "kpis": [["visitors", "engagement_by_channel"], ["win_rate", "net_revenue", "rfm_segment", "received"]],
    "windows": [["month"], ["24h", "7d", "all"]],
}
changes = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in CHANGES.items()})


def book(changed: dict[str, Any]) -> TenantBook:
    """Both tenants with the same settings."""
    return TenantBook.from_mapping({"tenants": {name: {**BEFORE, **changed} for name in TENANTS}})


def redefined(lane: Lane, changed: dict[str, Any], *, restart: bool) -> Lane:
    """A lane whose settings change, while it runs or while it is down, and that has counted again."""
    lane.book = book(changed)
    if restart:
        lane.restart(1)
    lane.engine.configure(lane.book)
    lane.settle()
    return lane


def facts(lane: Lane) -> dict[bytes, Any]:
    """What is stored, but for what counts changes and records; cells as if they had been counted once."""
    kept = {first_generation(name): value for name, value in lane.stored().items()}
    assert len(kept) == len(lane.stored()), "cells of two generations"
    kept = {name: value for name, value in kept.items() if name.split(b"\0")[1] not in (b"meta", b"settings")}
    for name, sums in cells(kept).items():
        kept[name] = {measure: total for measure, total in sums.items() if not is_counter(measure)}
    return {name: value for name, value in kept.items() if value}


def cells(entries: dict[bytes, Any]) -> dict[bytes, Any]:
    """The cells of what is stored."""
    return {name: value for name, value in entries.items() if name[:1] == b"c"}


@variant
@given(st.data(), worlds(), changes, ends, windows, st.booleans())
def test_settings_may_change_at_any_time(
    data: st.DataObject, world: World, changed: dict[str, Any], as_of: int, looked_at: list[str], restart: bool
) -> None:
    """Documents and stored cells are those of an engine that had the new settings from the beginning."""
    arrived: Batches = data.draw(arrivals(world))
    at = data.draw(st.integers(0, len(arrived)))
    account = data.draw(st.sampled_from(({}, {}, {"customer_is": "account"})))
    lane = redefined(Lane(book(account)).take(arrived[:at]), changed, restart=restart).take(arrived[at:])
    fresh = Lane(book(changed)).take(arrived)
    assert cells(facts(lane)) == cells(facts(fresh))
    for tenant in fresh.engine.tenants():
        assert lane.engine.recount(tenant) == []
        both = [one.documents(tenant, as_of, looked_at) for one in (lane, fresh)]
        assert [strip(one) for one in both[:1]] == [strip(one) for one in both[1:]]


def strip(documents: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Documents without the number of the definition."""
    return {
        key: {name: value for name, value in found.items() if name != "definition"} for key, found in documents.items()
    }


def told(lane: Lane, as_of: int, looked_at: list[str]) -> dict[str, Any]:
    """The stripped documents of every tenant."""
    return {tenant: strip(lane.documents(tenant, as_of, looked_at)) for tenant in lane.engine.tenants()}


def without_tiers(documents: dict[str, Any]) -> dict[str, Any]:
    """Those of no tier."""
    return {
        tenant: {key: found for key, found in of_tenant.items() if "tier" not in dict(key[2])}
        for tenant, of_tenant in documents.items()
    }


@variant
@given(st.data(), worlds(), changes, ends, windows)
def test_there_and_back_leaves_everything_as_it_was(
    data: st.DataObject, world: World, changed: dict[str, Any], as_of: int, looked_at: list[str]
) -> None:
    """The same entries and documents, under a definition that is two further."""
    lane = Lane(book({})).take(data.draw(arrivals(world)))
    before = facts(lane), told(lane, as_of, looked_at)
    redefined(redefined(lane, changed, restart=False), {}, restart=True)
    after = facts(lane), told(lane, as_of, looked_at)
    if "dimensions" in changed:  # what a dimension was told before is forgotten with it; all else stays
        assert without_tiers(after[1]) == without_tiers(before[1])
    else:
        assert after == before
    definitions = {lane.engine.state(tenant).definition for tenant in lane.engine.tenants()}
    assert definitions == ({3} if book(changed)["north"] != book({})["north"] else {1})


SLOW: Final = Pace(units=1, entries=3)  # so that events come between all its parts
# Settings that decide what is kept of an event: those of the moment it is counted at hold.
KEPT: Final[dict[str, list[Any]]] = {
    "dimensions": [["tier", "plan"], []],
    "late_threshold_s": [0, 86_400],
    "customer_is": ["account"],
    "match_on": [["email_hash"]],
    "conversion_types": [["page.viewed"]],
    "touch_types": [["page.viewed"]],
}
kept_changes = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in KEPT.items()})


def beside(data: st.DataObject, lane: Lane, batch: list[Any]) -> None:
    """Some steps of the waiting work, a batch with more steps between its records, perhaps an end in the middle."""
    few = st.sampled_from((0, 0, 1, 2, 10, 40, 200))
    lane.step(data.draw(few))
    for tenant, block in batch:
        lane.engine.apply(block, tenant, JOURNAL_TS)
        lane.step(data.draw(few))
    lane.finish()
    if data.draw(st.integers(0, 9)) == 0:
        lane.restart(1)


@st.composite
def with_requests(draw: st.DrawFn) -> World:
    """A world in which up to two ids are to be erased."""
    world = draw(worlds(8))
    rows = [group[0] for group in world]
    for number, who in enumerate(draw(st.lists(st.sampled_from(IDS), max_size=2))):
        near, mode = draw(st.sampled_from(rows)), draw(st.sampled_from(("forget", "unpick")))
        told = Told("crm.privacy.erasure_requested", near.time, 0, 0, "/a", {**who, "mode": mode})
        world.append([row_of(told, near.tenant, f"request{number}")])
    return world


@variant
@given(st.data(), with_requests(), changes, changes, ends, windows)
def test_events_go_on_while_a_tenant_is_counted_again(
    data: st.DataObject, world: World, first: dict[str, Any], second: dict[str, Any], as_of: int, looked_at: list[str]
) -> None:
    """Until the switch everything is as under the old settings, after it as under the new ones: also when it is stopped
    at any step, or the settings change once more, or back.
    """
    arrived: Batches = data.draw(arrivals(world))
    at = data.draw(st.integers(0, len(arrived)))
    lane, old = Lane(book({}), SLOW).take(arrived[:at]), Lane(book({})).take(arrived[:at])
    told_of = data.draw(st.sampled_from(((first,), (first, second), (first, {}), (first, {}, first))))
    if "dimensions" not in told_of[-1]:  # what a dimension was told before is forgotten with it
        told_of = tuple({name: value for name, value in one.items() if name != "dimensions"} for one in told_of)
    for changed in told_of:
        lane.book = book(changed)
        lane.engine.configure(lane.book)
        upto = data.draw(st.integers(at, len(arrived)))
        for batch in arrived[at:upto]:
            beside(data, lane, batch)
            old.take([batch])
            own = {tenant: lane.engine.state(tenant).tenant.settings for tenant in lane.engine.tenants()}
            before = [tenant for tenant, held in own.items() if held == book({})[tenant]]
            if data.draw(st.booleans()):
                assert {one: strip(lane.documents(one, as_of, looked_at)) for one in before} == {
                    one: strip(old.documents(one, as_of, looked_at)) for one in before
                }
        at = upto
    lane.settle()
    lane.take(arrived[at:])
    fresh = Lane(book(told_of[-1])).take(arrived)
    assert cells(facts(lane)) == cells(facts(fresh))
    assert told(lane, as_of, looked_at) == told(fresh, as_of, looked_at)
    assert counters(lane) == counters(fresh)
    assert [difference for tenant in lane.engine.tenants() for difference in lane.engine.recount(tenant)] == []


def counters(lane: Lane) -> dict[Any, int]:
    """What quality was counted."""
    found = ((tenant, *cell) for tenant in lane.engine.tenants() for cell in lane.cells(tenant).items())
    return {(tenant, cell): total for tenant, cell, total in found if is_counter(cell[0])}


@variant
@given(st.data(), with_requests(), changes, kept_changes, ends, windows)
def test_what_is_kept_of_events_may_change_meanwhile(
    data: st.DataObject, world: World, first: dict[str, Any], kept: dict[str, Any], as_of: int, looked_at: list[str]
) -> None:
    """Cells and stored facts agree after the switch, and after a restart: also an erasure may come in the middle."""
    arrived: Batches = data.draw(arrivals(world))
    at = data.draw(st.integers(0, len(arrived)))
    lane = Lane(book({}), SLOW).take(arrived[:at])
    lane.book = book({**first, **kept})
    lane.engine.configure(lane.book)
    for batch in arrived[at:]:
        beside(data, lane, batch)
    lane.settle()
    assert [difference for tenant in lane.engine.tenants() for difference in lane.engine.recount(tenant)] == []
    before = facts(lane), told(lane, as_of, looked_at)
    lane.restart(2)
    lane.settle()
    assert (facts(lane), told(lane, as_of, looked_at)) == before
    assert lane.engine.outdated() == []
    assert [difference for tenant in lane.engine.tenants() for difference in lane.engine.recount(tenant)] == []
