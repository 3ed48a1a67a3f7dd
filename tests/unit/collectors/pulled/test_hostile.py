"""Whatever an API answers is an event, or bad; and every event keeps to the contract."""

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.event import Reading
from collectors.pulled import hubspot_changes, pipedrive_rows, salesforce_rows
from collectors.pulled.expanding import changes_reading
from models.refused import Rejection
from models.salesforce import long_id
from tests.unit.collectors.contract import RECEIVED, validated

TIME = "2026-11-01T10:00:00.000Z"
_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
    | st.sampled_from(["\0", "9" * 40, "2026-11-01", "1e400", -1e300]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
DEAL = {
    "id": "1", "createdAt": TIME, "updatedAt": TIME, "properties": {"hs_object_source": "API"},
    "propertiesWithHistory": {
        name: [{"value": value, "timestamp": TIME, "sourceType": "API"}]
        for name, value in {
            "dealstage": "a", "amount": "5", "deal_currency_code": "EUR", "closedate": TIME, "createdate": TIME,
            "hs_is_closed_won": "true", "hs_merged_object_ids": "2;3",
        }.items()
    },
}  # fmt: skip
LINK = {"from": {"id": "1"}, "to": [{"toObjectId": 9, "associationTypes": [{"typeId": 5}]}]}
STAMPS = {"CreatedDate": "2026-11-01T10:00:00.000+0000", "SystemModstamp": "2026-11-02T10:00:00.000+0000"}
OPPORTUNITY = {
    "Id": long_id("006000000000001"), **STAMPS, "IsDeleted": False, "Amount": 5.5, "CurrencyIsoCode": "EUR",
    "StageName": "a", "IsWon": True, "IsClosed": True, "CloseDate": "2026-11-02",
    "AccountId": long_id("001000000000001"),
}  # fmt: skip
PAST = {"Id": long_id("008000000000001"), "CreatedDate": STAMPS["CreatedDate"], "StageName": "b", "Amount": 1}
LEAD = {
    "Id": long_id("00Q000000000001"), **STAMPS, "Status": "Contacted", "IsConverted": True,
    "ConvertedDate": "2026-11-01",
}  # fmt: skip
PIPE = {
    "id": 1, "add_time": TIME, "update_time": TIME, "status": "won", "won_time": TIME, "value": 5, "currency": "EUR",
    "stage_id": 2, "org_id": 3, "stage_change_time": TIME,
}  # fmt: skip
LOG = {"field_key": "stage_id", "old_value": "1", "new_value": "2", "time": "2026-11-01 10:00:00"}
Read = Callable[[Any], Reading]


def _read(changes: Any, make: Any, one: Any, told: Any) -> Reading:
    return changes_reading([one], RECEIVED, changes, make, told)


def _hubspot(one: Any) -> Reading:
    terms = hubspot_changes.Terms(None, None, frozenset())
    changes = partial(hubspot_changes.changes, kind="deal", terms=terms)
    return _read(changes, hubspot_changes.events, one, lambda change: change.item)


def _linked(one: Any) -> Reading:
    terms = hubspot_changes.Terms(None, None, frozenset())
    changes = partial(hubspot_changes.association, deal=DEAL, other="company", terms=terms)
    return _read(changes, hubspot_changes.events, one, lambda change: change.item)


def _salesforce(entity: str) -> Read:
    def read(one: Any) -> Reading:
        row, past = (one["row"], [one["past"]]) if entity == "Opportunity" else (one, [])
        changes = partial(salesforce_rows.changes, terms=salesforce_rows.Terms(None, frozenset({"Own"})))
        told = salesforce_rows.Recorded(entity, row, past)
        return _read(changes, salesforce_rows.events, told, lambda change: change.fields)

    return read


def _pipedrive(one: Any) -> Reading:
    told = pipedrive_rows.Logged("deal", one["row"], [one["log"], LOG] if one["log"] else None)
    changes = partial(pipedrive_rows.changes, traits=frozenset({"own"}))
    return _read(changes, pipedrive_rows.events, told, lambda notice: notice.now)


SAMPLES: list[tuple[Any, Read]] = [
    (DEAL, _hubspot), (LINK, _linked), ({"row": OPPORTUNITY, "past": PAST}, _salesforce("Opportunity")),
    (LEAD, _salesforce("Lead")), ({"row": PIPE, "log": LOG}, _pipedrive), ({"row": PIPE, "log": None}, _pipedrive),
]  # fmt: skip


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    names: Iterable[Any] = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for name in names:
        yield (*before, name)
        yield from _paths(value[name], (*before, name))


def test_the_samples_are_good() -> None:
    """Each gives events that keep to the contract."""
    for sample, read in SAMPLES:
        found = read(sample)
        assert found.events
        assert found.bad == []
        assert not [one for _, one in found.events if isinstance(validated(one), Rejection)]
        ids = [one.id for _, one in found.events]
        assert len(set(ids)) == len(ids)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_broken_sample_is_an_event_or_bad(data: st.DataObject) -> None:
    """Never another exception."""
    sample, read = data.draw(st.sampled_from(SAMPLES))
    broken = copy.deepcopy(sample)
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(list(_paths(broken))))
        inner = broken
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = data.draw(_JUNK)
    found = read(broken)
    assert not [one for _, one in found.events if isinstance(validated(one), Rejection)]
