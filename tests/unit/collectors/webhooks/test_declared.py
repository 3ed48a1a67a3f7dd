"""A table describes the webhooks of a system without a module: the page's example, and what is wrong with others."""

import base64
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.arrived import Arrived, Unreadable
from collectors.webhooks.declared import BadMapping, declared
from collectors.webhooks.provider import Forged
from tests.unit.collectors.webhooks.sent import HOST, NOW, STANDARD_SECRET, refused
from tests.unit.collectors.webhooks.test_hostile import STRANGE, changed, places
from tests.unit.collectors.webhooks.test_standard import signed

PAGE = (Path(__file__).parents[4] / "docs" / "webhooks.md").read_text().split("### A mapping of your own")[1]
TABLE: dict[str, Any] = tomllib.loads(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0])["collect"]["mappings"][
    "acme"
]
BODY, BECOMES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
ONE: dict[str, Any] = {"events": [{"type": "deal.won", "id": "{id}", "data": {"deal_id": "{id}"}}]}


def arrived(content: Any, **headers: str) -> Arrived:
    """A body, as JSON unless it is bytes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Arrived("POST", f"{HOST}/v1/webhooks/acme/main", headers, body, NOW)


def test_the_example_of_the_page_is_what_it_says() -> None:
    """Type, id, time, data; the note is left out; all keep to the contract."""
    found = declared("acme", TABLE).read(arrived(BODY.encode()))
    events = [event for _, event in found.events]
    told = [{"type": event.type, "id": event.id, "time": event.time, "data": event.data} for event in events]
    assert told == [json.loads(line) for line in BECOMES.splitlines()]
    assert (found.bad, found.ignored) == ([], 1)
    assert refused(events) == []


def test_a_secret_in_a_header_in_basic_or_by_standard_webhooks() -> None:
    """As the table says; nothing else proves it."""
    for table, good in (
        (TABLE, {"x-acme-token": "s3cret"}), ({**ONE, "proof": "basic"}, {"authorization": "Basic czNjcmV0"}),
        (ONE, {"x-webhook-secret": "s3cret"}),
    ):  # fmt: skip
        provider = declared("acme", table)
        provider.verify(arrived({}, **good), ["old", "s3cret"])
        for bad in ({}, {name: f"{value}x" for name, value in good.items()}):
            with pytest.raises(Forged):
                provider.verify(arrived({}, **bad), ["old", "s3cret"])
        with pytest.raises(Forged):
            provider.verify(arrived({}, **good), [])
    declared("acme", {**ONE, "proof": "standard"}).verify(signed(), [STANDARD_SECRET])
    assert base64.b64decode("czNjcmV0") == b"s3cret"


def test_a_bad_item_is_named_by_its_field() -> None:
    """Its neighbours go on."""
    items = [
        {"change_id": 1, "kind": "deal", "verb": "added", "at": 1795003140, "deal": {"id": "a"}},
        {"change_id": 2, "kind": "deal", "verb": "added", "at": "today", "deal": {"id": "a"}},
        {"change_id": 3, "kind": "deal", "verb": "added", "deal": {"id": "a"}},
        {"kind": "deal", "verb": "added", "at": 1795003140, "deal": {"id": "a"}},
        {"change_id": 5, "kind": "deal", "verb": "added", "at": 1795003140, "deal": {}},
        {"change_id": 6, "kind": "deal", "verb": "added", "at": 1795003140, "deal": {"id": "a", "cents": 1.5}}, 7,
        {"change_id": [8], "kind": "deal", "verb": "added", "at": 1795003140, "deal": {"id": "a"}},
    ]  # fmt: skip
    found = declared("acme", TABLE).read(arrived({"changes": items}))
    assert [event.id for _, event in found.events] == ["1-deal.created"]
    assert [bad.field for bad in found.bad] == ["time", "at", "change_id", "deal_id", "amount", "item", "change_id"]


@pytest.mark.parametrize("body", [[], {"changes": {}}, {"changes": None}, 7, {"changes": [1] * 2001}])
def test_a_body_without_its_items_is_unreadable(body: Any) -> None:
    """And says where they should be."""
    with pytest.raises(Unreadable) as caught:
        declared("acme", TABLE).read(arrived(body))
    assert caught.value.field == "changes"


@pytest.mark.parametrize(("form", "value", "expected"), [
    ("rfc3339", "2026-11-18T11:59:00+00:00", "2026-11-18T11:59:00+00:00"), ("utc", "2026-11-18 11:59:00",
    "2026-11-18T11:59:00Z"), ("unix", "1795003140", "2026-11-18T11:59:00Z"),
    ("unix_ms", 1795003140250, "2026-11-18T11:59:00.250Z"),
])  # fmt: skip
def test_times_are_read_as_the_table_says(form: str, value: Any, expected: str) -> None:
    """A number is never guessed to be a time."""
    table = {"times": form, "events": [{**ONE["events"][0], "time": "{at}"}]}
    found = declared("acme", table).read(arrived({"id": 1, "at": value}))
    assert found.events[0][1].time == expected
    wrong = {"id": 1, "at": 1795003140.5 if form.startswith("unix") else 1795003140}
    assert [bad.field for bad in declared("acme", table).read(arrived(wrong)).bad] == ["time"]


@pytest.mark.parametrize(("currency", "cents", "amount"), [
    ("EUR", 5, "0.05"), ("JPY", 500, "500"), ("KWD", "1234567", "1234.567"), ("EUR", 0, "0.00"),
])  # fmt: skip
def test_whole_cents_are_those_of_their_currency(currency: str, cents: Any, amount: str) -> None:
    """Two decimals, none, three."""
    data = {"deal_id": "{id}", "amount": "{cents}", "currency": "{currency}"}
    table = {"minor_units": True, "events": [{"type": "deal.won", "id": "{id}", "data": data}]}
    found = declared("acme", table).read(arrived({"id": 1, "cents": cents, "currency": currency}))
    assert found.events[0][1].data["amount"] == amount


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "events: Field required"),
        ({"events": []}, "events: "),
        ({"events": [*ONE["events"], {"type": "deal.one", "id": "{id}"}]}, "events[2].type: no such event type"),
        ({"events": [{"type": "deal.won"}]}, "events[1].id: Field required"),
        ({"events": [{"type": "deal.won", "id": "id"}]}, "events[1].id: names no path"),
        ({**ONE, "proofs": "basic"}, "proofs: Extra inputs"),
        ({**ONE, "proof": "none"}, "proof: "),
        ({**ONE, "header": "x y"}, "header: "),
        ({**ONE, "times": "guess"}, "times: "),
        ({**ONE, "currency": "EURO"}, "currency: not an ISO 4217 currency"),
        ({"events": [{"type": "deal.won", "id": "{id}", "when": {"a": {"b": 1}}}]}, "events[1].when.a"),
        ({"events": [{"type": "deal.won", "id": "{id}", "time": "2026-11-18"}]}, "events[1].time: names no path"),
    ],
)  # fmt: skip
def test_a_slip_in_the_table_is_named_by_its_place(table: dict[str, Any], message: str) -> None:
    """Events are counted from one, as a person does."""
    with pytest.raises(BadMapping) as caught:
        declared("acme", table)
    assert str(caught.value).startswith(message)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_sent_it_is_no_other_error(data: st.DataObject) -> None:
    """Several places of the example hold what nobody would send."""
    content = json.loads(BODY)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(content)))
        content = changed(content, path, data.draw(st.sampled_from([..., *STRANGE])))
    try:
        found = declared("acme", TABLE).read(arrived(content))
    except Unreadable:
        return
    assert refused([event for _, event in found.events]) == []
