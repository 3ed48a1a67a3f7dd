"""Where hashes of addresses link ids, the same properties hold."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.settings import TenantBook
from recount import compare, recount
from tests.feed import Feed, ms
from tests.property.events import CUSTOMERS, LEADS, USERS, VISITORS, Told, ends
from tests.property.lanes import Lane, World, batches, differences, row_of, worlds
from tests.property.test_engine import variant, windows

MATCHED: Final = TenantBook.from_mapping({"tenant": {"match_on": ["email_hash"], "dimensions": ["tier"], "low_n": 2}})


@variant
@given(st.data(), worlds(), ends, windows)
def test_matched_ids_are_counted_as_the_recount_does(
    data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """Some events carry a hash, one asks for erasure."""
    told = [row for group in world for row in group]
    hashes = {row.id: data.draw(st.sampled_from((None, None, "h1", "h2"))) for row in told}
    rows = [
        row._replace(data={**row.data, **({"email_hash": hashes[row.id]} if hashes[row.id] else {})}) for row in told
    ]
    if data.draw(st.booleans()):
        names: list[dict[str, Any]] = [{"customer_id": CUSTOMERS[0]}, {"lead_id": LEADS[0]}, {"user_id": USERS[0]}]
        who = data.draw(st.sampled_from([*names, {"anonymous_id": VISITORS[0]}]))
        when = data.draw(st.sampled_from([row.time for row in told]))
        request = row_of(Told("crm.privacy.erasure_requested", when, 0, 0, "/a", who), told[0].tenant, "request")
        rows.insert(data.draw(st.integers(0, len(rows))), request)
    cuts = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    arrived = batches(rows, [0] * len(rows), cuts)
    lane = Lane(MATCHED).take(arrived)
    if data.draw(st.booleans()):
        lane.restart(1)
    assert differences(lane, arrived, as_of, looked_at) == []


@pytest.mark.parametrize(("fields", "visitors", "conflicts"), [([], 4, 0), (["email_hash"], 2, 1)])
def test_a_hash_links_ids_but_never_two_customers(fields: list[str], visitors: int, conflicts: int) -> None:
    """A user, a visitor and a customer share it; the second customer stays apart and is counted as a conflict."""
    feed = Feed()
    people = ({"user_id": "u"}, {"anonymous_id": "a"}, {"customer_id": "c1"}, {"customer_id": "c2"})
    for number, ids in enumerate(people):
        one: dict[str, Any] = {**ids, "email_hash": "h", "url": "/"}
        feed.add("page.viewed", f"2026-03-01T1{number}:00:00Z", **one)
    lane = Lane(TenantBook.from_mapping({"tenant": {"match_on": fields}}))
    lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
    documents = lane.engine.documents("t", ms("2026-03-10"), live=False, full=True)
    found = next(d["value"] for d in documents if (d["kpi"], d["window"], d["segment"]) == ("visitors", "month", {}))
    assert (found, lane.engine.state("t").tenant.people.identity.conflicts) == (visitors, conflicts)
    assert compare(recount(feed.items, lane.book["t"], ms("2026-03-10")), documents) == []
