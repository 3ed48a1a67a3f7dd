"""Whatever a sender with the secret sends ends as a bad item, as unreadable, or as nothing: never as another error."""

import json
from copy import deepcopy
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.webhooks.provider import Forged
from tests.unit.collectors.webhooks.samples import AT, Sample
from tests.unit.collectors.webhooks.samples_crm import DEAL, outbound
from tests.unit.collectors.webhooks.sent import HOST, NOW, refused, secret_of, sent
from tests.unit.collectors.webhooks.test_samples import PROVIDERS, SAMPLES

JSON = [sample for sample in SAMPLES if not isinstance(sample.content, bytes) and sample.provider != "twilio_voice"]
DEEP = json.loads("[" * 60 + "]" * 60)
STRANGE: list[Any] = [
    None, True, False, 0, -1, 2**63, -(2**63), 10**18, 1e308, -0.0, 0.5, "", " ", "\0", "\ud800", "x" * 300,
    "x" * 70_000, "NaN", "-", "--5", "١٢", "9" * 19, "9" * 400, "2026-02-30T00:00:00Z", "undefined", "<script>",
    "{a}", [], [[]], {},
    {"": None}, [1, "a", None], {"id": {"id": {}}}, DEEP, [None] * 50, 1_795_003_140, 99_999_999_999_999,
]  # fmt: skip


def read(arrived: Arrived, provider: str) -> Reading | None:
    """A delivery, read; None: it cannot be. Any other error is one of the test, as is an event against the contract."""
    try:
        found = PROVIDERS[provider].read(arrived)
    except Unreadable:
        return None
    assert refused([event for _, event in found.events]) == []
    assert all(bad.field and bad.text and json.loads(bad.raw) is not ... for bad in found.bad)
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [path]
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inside:
        found += places(one, (*path, name))
    return found


def changed(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value at a place; ``...``: with nothing there."""
    if not path:
        return content if value is ... else value
    copy = deepcopy(content)
    inside = copy
    for name in path[:-1]:
        inside = inside[name]
    if value is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return copy


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(JSON), st.data())
def test_a_delivery_with_strange_values_in_it_is_no_error(sample: Sample, data: st.DataObject) -> None:
    """Several fields at once have other types, are missing, or hold what nobody would send."""
    content = sample.content
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(content)))
        content = changed(content, path, data.draw(st.sampled_from([..., *STRANGE])))
    read(sent(sample.provider, content, query=sample.query, headers=dict(sample.headers)), sample.provider)


@pytest.mark.parametrize("sample", {sample.provider: sample for sample in JSON}.values(), ids=str)
def test_each_field_of_a_delivery_may_be_anything(sample: Sample) -> None:
    """One after the other."""
    values: tuple[Any, ...] = (..., None, True, 2**63, "x" * 300, "\0", [], {}, DEEP)
    for path in places(sample.content):
        for value in values:
            content = changed(sample.content, path, value)
            read(sent(sample.provider, content, query=sample.query, headers=dict(sample.headers)), sample.provider)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"null", b"7", b'"x"', b"[]", b"{}", b"not json{", b"{", b"\xff\xfe{}", b"\x80\x04K\x01.", b"[null]",
        b"[" * 100_000, b'{"a":' * 10_000, b'{"a":1}{"b":2}', b"<a/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<?xml version='1.0' encoding='x'?><a/>", b"a=%ff&a=%00&=&&a", b"&" * 10_000, b"a&" * 10_000, b'{"ids": [1]}',
        b'{"entry": [1, null, {"changes": 7}], "object": "page"}', b'{"token": NaN}', b"[1e400]", b'{"a":"\\ud800"}',
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_no_error(name: str, body: bytes) -> None:
    """Neither when it is proven nor when it is read."""
    headers = {"webhook-id": "m", "x-shopify-topic": "orders/paid", "content-type": "application/x-www-form-urlencoded"}
    arrived = Arrived("POST", f"{HOST}/v1/webhooks/{name}/main", headers, body, NOW)
    with pytest.raises(Forged):
        PROVIDERS[name].verify(arrived, [secret_of(name)])
    read(arrived, name)


@pytest.mark.parametrize("query", ["currency=XXX", "currency=%00", "company_currency=1", "&".join(["a=1"] * 200)])
def test_an_address_that_says_something_impossible_is_refused(query: str) -> None:
    """For every delivery: nobody would miss it otherwise."""
    with pytest.raises(Unreadable, match=r"currency|parameters"):
        PROVIDERS["hubspot"].read(sent("hubspot", [], query=query))


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://a", "https://", "http://[", "https://h:99999999/x", "https://h/?%zz=%"]
)
@pytest.mark.parametrize("name", ["hubspot", "twilio_voice"])
def test_an_address_that_is_none_is_not_believed(name: str, url: str) -> None:
    """Nor is it another error."""
    arrived = next(sample for sample in SAMPLES if sample.provider == name).arrived()
    with pytest.raises(Forged):
        PROVIDERS[name].verify(arrived._replace(url=url), [secret_of(name)])


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_an_address_of_many_parameters_is_not_believed(name: str) -> None:
    """Where nothing else proves the sender."""
    arrived = Arrived("POST", f"{HOST}/?{'&'.join(['a=1'] * 200)}", {}, b"{}", NOW)
    with pytest.raises(Forged):
        PROVIDERS[name].verify(arrived, [secret_of(name)])


TEXTS = ["", " ", "x" * 300, "é\u2028", "-1", "9" * 30, "1e400", "true", "{}", "2026-02-30T00:00:00Z", "None", "\x7f"]


@pytest.mark.parametrize("sample", [one for one in SAMPLES if one.provider == "twilio_voice"], ids=str)
def test_each_field_of_a_form_may_be_any_text(sample: Sample) -> None:
    """Also with a NUL in it, and not there at all."""
    for name in sample.content:
        for text in [*TEXTS, "\0", ...]:
            read(sent("twilio_voice", changed(sample.content, (name,), text), query=sample.query), "twilio_voice")


def test_each_field_of_a_message_of_salesforce_may_be_any_text() -> None:
    """Of each kind of record."""
    names = ("Id", "CreatedDate", "SystemModstamp", "StageName", "Amount", "CloseDate", "IsWon", "IsClosed", "OwnerId",
             "AccountId", "IsConverted", "Status", "CurrencyIsoCode", "Email", "BillingCountry")  # fmt: skip
    good = dict.fromkeys(names, "true") | {"Id": DEAL, "SystemModstamp": AT, "CreatedDate": AT, "Amount": "1.5"}
    good |= dict.fromkeys(("OwnerId", "AccountId"), DEAL) | {"CloseDate": "2026-11-18", "CurrencyIsoCode": "EUR"}
    for kind in ("Opportunity", "Lead", "Account", "Contact", "Case"):
        for name in names:
            for text in TEXTS:
                read(sent("salesforce_outbound", outbound(kind, {**good, name: escape(text)})), "salesforce_outbound")
