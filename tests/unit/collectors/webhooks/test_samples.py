"""Deliveries in the shapes of the providers' documentation become the events that they should."""

from typing import Any

import pytest

from collectors.webhooks import crm, other, standard
from collectors.webhooks.provider import Provider
from tests.unit.collectors.webhooks.samples import Sample
from tests.unit.collectors.webhooks.samples_crm import PIPEDRIVE, SALESFORCE, ZOHO
from tests.unit.collectors.webhooks.samples_hubspot import HUBSPOT
from tests.unit.collectors.webhooks.samples_money import SHOPIFY, STRIPE
from tests.unit.collectors.webhooks.samples_other import OTHER
from tests.unit.collectors.webhooks.sent import refused, secret_of

PROVIDERS: dict[str, Provider] = {one.name: one for one in (*crm.PROVIDERS, *other.PROVIDERS, standard.PROVIDER)}
SAMPLES = (*HUBSPOT, *SALESFORCE, *PIPEDRIVE, *ZOHO, *STRIPE, *SHOPIFY, *OTHER)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_delivery_becomes_the_events_that_it_should(sample: Sample) -> None:
    """Type, id, time and data; what is bad is named by its field, and the rest goes on."""
    provider, arrived = PROVIDERS[sample.provider], sample.arrived()
    provider.verify(arrived, [secret_of(sample.provider)])
    found = provider.read(arrived)
    got = tuple((event.type.removeprefix("crm."), event.id, event.time, event.data) for _, event in found.events)
    assert got == sample.expected
    assert tuple(bad.field for bad in found.bad) == sample.bad
    assert found.ignored == sample.ignored


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_every_event_keeps_to_the_contract(sample: Sample) -> None:
    """In an envelope with a tenant, as it is written to Kafka."""
    events = [event for _, event in PROVIDERS[sample.provider].read(sample.arrived()).events]
    assert refused(events) == []
    assert len({event.id for event in events}) == len(events)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_delivery_that_is_repeated_gives_the_same_events(sample: Sample) -> None:
    """A minute later, with another signature."""
    provider = PROVIDERS[sample.provider]
    again = sample.arrived()._replace(received=sample.arrived().received + 60_000)
    assert provider.read(again).events == provider.read(sample.arrived()).events


COUNTERS = ("attemptNumber", "attempt", "retry", "delivery_attempts", "pending_webhooks", "delivered_at")


def counted(value: Any) -> Any:
    """The same with other counts of attempts in it."""
    if isinstance(value, dict):
        return {name: 7 if name in COUNTERS else counted(one) for name, one in value.items()}
    return [counted(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_the_count_of_attempts_is_no_part_of_an_event(sample: Sample) -> None:
    """Else a repeated delivery would be another event of the same name, and be refused."""
    again = sample._replace(content=counted(sample.content)).arrived()
    assert PROVIDERS[sample.provider].read(again).events == PROVIDERS[sample.provider].read(sample.arrived()).events


def test_every_provider_has_samples() -> None:
    """And is named once."""
    assert {sample.provider for sample in SAMPLES} == set(PROVIDERS)
    assert len(PROVIDERS) == len(crm.PROVIDERS) + len(other.PROVIDERS) + 1
