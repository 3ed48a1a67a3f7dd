"""Erasures in place leave what a restart makes of the stored facts, whatever they ask for and whatever comes after."""

from contextlib import ExitStack
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.slices import Pace
from models.record import Row
from models.settings import TenantBook
from tests.property.events import CUSTOMERS, LEADS, LINKS, USERS, VISITORS, Told, ends, event, some
from tests.property.lanes import JOURNAL_TS, Lane, World, batches, differences, row_of, worlds
from tests.property.test_engine import often, variant, windows

SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "customers": {},
    "accounts": {"customer_is": "account"},
    "matched": {"match_on": ["email_hash"]},
}
IDS: Final[list[dict[str, Any]]] = [
    *({"customer_id": one} for one in CUSTOMERS), *({"lead_id": one} for one in LEADS),
    *({"user_id": one} for one in USERS), *({"anonymous_id": one} for one in VISITORS),
    {"contact_id": "k1"}, {"anonymous_id": VISITORS[0], "contact_id": "k2"},
]  # fmt: skip


@st.composite
def arrivals(draw: st.DrawFn, world: World, *, hashes: bool) -> list[Row]:
    """A world's rows, some with a hash of an address, and one to three requests of either kind among them."""
    rows = [row for group in world for row in group]
    tenant, times = rows[0].tenant, [row.time for row in rows]
    if hashes:
        said = {row.id: draw(st.sampled_from((None, "h1", "h2"))) for row in rows}
        rows = [row._replace(data={**row.data, **({"email_hash": h} if (h := said[row.id]) else {})}) for row in rows]
    for number in range(draw(st.integers(1, 3))):
        data = {**draw(st.sampled_from(IDS)), "mode": draw(st.sampled_from(("forget", "unpick")))}
        request = row_of(
            Told("crm.privacy.erasure_requested", draw(st.sampled_from(times)), 0, 0, "/a", data), tenant, f"r{number}"
        )
        rows.insert(draw(st.integers(0, len(rows))), request)
    return rows


@pytest.mark.parametrize("settings", SETTINGS)
@variant
@given(st.data(), worlds(16), ends, windows)
def test_a_restart_goes_on_as_if_nothing_had_happened(
    settings: str, data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """Cells, documents and entries of a lane that was restarted after the requests are those of one that was not."""
    book = TenantBook.from_mapping({"tenant": {"dimensions": ["tier"], "low_n": 2, **SETTINGS[settings]}})
    rows = data.draw(arrivals(world, hashes=settings == "matched"))
    cuts = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    arrived = batches(rows, [0] * len(rows), cuts)
    at = data.draw(st.integers(1, len(arrived)))
    one, other = Lane(book).take(arrived[:at]), Lane(book).take(arrived[:at])
    other.restart(1)
    for lane in (one, other):
        lane.take(arrived[at:])
    assert one.stored() == other.stored()
    for tenant in one.engine.tenants():
        assert one.engine.recount(tenant) == []
        assert one.documents(tenant, as_of, looked_at) == other.documents(tenant, as_of, looked_at)
    assert differences(one, arrived, as_of, looked_at) == []


MET: Final = st.one_of(
    *(
        event(
            "page.viewed form.started form.submitted chat.messaged survey.answered" + signs,
            some(session_id=("z1",), response_id=("r1",)),
            flags=(0,), url=("/",), form_id=("f1",), direction=("inbound",), customer_id=CUSTOMERS,
            survey_id=("q1",), survey_type=("nps",), score=(9,), **persons,
        )
        for signs, persons in (
            (" user.signed_in user.signed_up", {"user_id": USERS}),
            (" user.signed_in", {"user_id": USERS, "anonymous_id": VISITORS}),
            (" user.signed_up", {"user_id": USERS, "lead_id": LEADS}),
            ("", {"lead_id": LEADS, "anonymous_id": VISITORS}),
            ("", {"anonymous_id": VISITORS}),
        )
    )
)  # fmt: skip
"""Somebody does something in the name of an account: after a few of them persons are known in several accounts."""


@often
@given(st.data(), worlds(story=st.lists(st.one_of(MET, MET, MET, *LINKS), min_size=3, max_size=8)), ends, windows)
def test_persons_known_in_several_accounts(data: st.DataObject, world: World, as_of: int, looked_at: list[str]) -> None:
    """One is erased: of the others in its accounts everything stays counted once, of those it was one with, too."""
    book = TenantBook.from_mapping({"tenant": {"low_n": 2, **SETTINGS["accounts"], **SETTINGS["matched"]}})
    rows = data.draw(arrivals(world, hashes=data.draw(st.booleans())))
    cuts = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    arrived = batches(rows, [0] * len(rows), cuts)
    lane = Lane(book).take(arrived)
    for _ in range(2):  # a restart knows of persons that an erasure made and never noted
        assert [one for tenant in lane.engine.tenants() for one in lane.engine.recount(tenant)] == []
        lane.restart(1)
    assert differences(lane, arrived, as_of, looked_at) == []


@pytest.mark.parametrize("settings", SETTINGS)
@variant
@given(st.data(), worlds(16), ends, windows)
def test_states_with_plain_ids_go_on(
    settings: str, data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """A state that holds ids of clicks, sessions and messages as they were told is counted on, and erased."""
    book = TenantBook.from_mapping({"tenant": {"dimensions": ["tier"], "low_n": 2, **SETTINGS[settings]}})
    rows = [row for group in world for row in group]
    who = data.draw(st.sampled_from(IDS))
    request = row_of(
        Told("crm.privacy.erasure_requested", data.draw(st.sampled_from([row.time for row in rows])), 0, 0, "/a", who),
        rows[0].tenant, "request",
    )  # fmt: skip
    at = data.draw(st.integers(1, len(rows)))
    rows.insert(data.draw(st.integers(at, len(rows))), request)
    arrived = batches(rows, [0] * len(rows), [True] * len(rows))
    with ExitStack() as earlier:
        for module in (
            "tenant.clicks",
            "tenant.conversions",
            "tenant.forms",
            "facts.page_paths",
            "tenant.special_codecs",
        ):
            earlier.enter_context(patch(f"kpis.{module}.pseudonym", lambda tenant, text: text))
        earlier.enter_context(patch("kpis.intake.batch.pseudonymous", lambda tenant, row, plain: row))
        lane = Lane(book).take(arrived[:at])
    lane.restart(1)
    lane.take(arrived[at:])
    assert differences(lane, arrived, as_of, looked_at) == []
    lane.restart(2)
    assert differences(lane, arrived, as_of, looked_at) == []


KEPT: Final[list[dict[str, Any]]] = [
    {"customer_is": "account"}, {"match_on": ["email_hash"]}, {"dimensions": []}, {"tz": "Asia/Tokyo"}, {"low_n": 9},
]  # fmt: skip


@pytest.mark.parametrize("settings", SETTINGS)
@variant
@given(st.data(), worlds(14), ends, windows)
def test_lists_in_pieces_are_erased_while_a_tenant_is_counted_again(
    settings: str, data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """Requests and links in one batch, at any step of a change of settings, with lists of many entries."""
    own = {"dimensions": ["tier"], "low_n": 2, **SETTINGS[settings]}
    rows = data.draw(arrivals(world, hashes=settings == "matched"))
    cuts = data.draw(st.lists(st.sampled_from((False, False, True)), min_size=len(rows), max_size=len(rows)))
    few = st.sampled_from((0, 0, 1, 5, 40, 200))
    with (
        patch("kpis.tenant.chunks.FULL", 150),
        patch("kpis.tenant.readings.MANY", 1),
        patch("kpis.contributions.answers.MANY", 1),
    ):
        lane = Lane(TenantBook.from_mapping({"tenant": own}), Pace(units=1, entries=3))
        for batch in batches(rows, [0] * len(rows), cuts):
            for tenant, block in batch:
                lane.engine.apply(block, tenant, JOURNAL_TS)
                lane.step(data.draw(few))
            lane.finish()
            match data.draw(st.integers(0, 5)):
                case 0:
                    lane.restart(1)
                case 1 | 2:
                    lane.book = TenantBook.from_mapping({"tenant": own | data.draw(st.sampled_from(KEPT))})
                    lane.engine.configure(lane.book)
            lane.step(data.draw(few))
        lane.settle()
        before = lane.stored()
        assert [one for tenant in lane.engine.tenants() for one in lane.engine.recount(tenant)] == []
        documents = {tenant: lane.documents(tenant, as_of, looked_at) for tenant in lane.engine.tenants()}
        lane.restart(2)
        lane.settle()
        assert [one for tenant in lane.engine.tenants() for one in lane.engine.recount(tenant)] == []
        assert {tenant: lane.documents(tenant, as_of, looked_at) for tenant in lane.engine.tenants()} == documents
        assert lane.stored() == before
