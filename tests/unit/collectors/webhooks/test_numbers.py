"""What a sales lead looks at first: deliveries of a story, in any order and twice, give the numbers of the story."""

import json
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from collectors.event import Event
from models.record import RawRecord, Row
from models.settings import TenantSettings
from models.validate import validate
from tests.feed import Feed
from tests.unit.collectors.webhooks.samples import AT_MS, AT_S
from tests.unit.collectors.webhooks.samples_crm import DEAL, cdc, outbound, pipedrive, zoho
from tests.unit.collectors.webhooks.samples_hubspot import change, notice
from tests.unit.collectors.webhooks.samples_money import item, stripe, subscription
from tests.unit.collectors.webhooks.sent import NOW, sent
from tests.unit.collectors.webhooks.test_samples import PROVIDERS

MIDNIGHT = "2026-11-19"
DEALS = ("closed_won_deals", "closed_won_value", "closed_lost_deals", "open_pipeline", "win_rate")
SETTINGS = TenantSettings(revenue_from="both")


def rows(events: Sequence[Event]) -> list[Row]:
    """Events as the journal has them, each identity once."""
    records = [
        RawRecord("in", 0, place, NOW, None, json.dumps(
            {"id": event.id, "source": "/w", "type": event.type, "data": event.data}
            | ({"time": event.time} if event.time else {})
        ).encode())
        for place, event in enumerate(events)
    ]  # fmt: skip
    found, rejections = validate(records)
    assert rejections == []
    return list({row.identity: row for row in found}.values())


def told(provider: str, deliveries: Sequence[Any], query: str = "", **headers: str) -> Feed:
    """What a tenant knows after these deliveries."""
    events = [
        event
        for content in deliveries
        for _, event in PROVIDERS[provider].read(sent(provider, content, query=query, headers=headers)).events
    ]
    feed = Feed()
    feed.items = [*rows(events)]
    return feed


def in_every_order(deliveries: Sequence[Any]) -> list[Sequence[Any]]:
    """All orders of a few deliveries, each of which comes twice."""
    return [(*order, *order[::-1]) for order in permutations(deliveries)]


HUBSPOT = (
    [notice("deal.creation", 1, occurredAt=AT_MS - 90)],
    [change("deal", "amount", "1200.50", 2, occurredAt=AT_MS - 80)],
    [change("deal", "dealstage", "closedwon", 3, occurredAt=AT_MS - 70),
     change("deal", "closedate", str(AT_MS - 70), 4, occurredAt=AT_MS - 70)],
)  # fmt: skip
REOPENED = [change("deal", "dealstage", "contractsent", 5, occurredAt=AT_MS - 60)]
MERGED = [{**notice("deal.merge", 6), "primaryObjectId": 9, "mergedObjectIds": [1246]}]
SALESFORCE = (
    cdc("CREATE", DEAL, StageName="Prospecting", Amount=500, CloseDate="2026-12-31"),
    cdc("UPDATE", DEAL, sequence=2, StageName="Closed Won", CloseDate="2026-11-18", Amount=700.5),
    cdc("UPDATE", DEAL, sequence=3, StageName="Closed Lost"),
)
_SNAPSHOT = {"Id": DEAL, "CreatedDate": "2026-11-01T09:00:00.000Z", "SystemModstamp": "2026-11-18T11:00:00.000Z",
             "StageName": "Proposal", "Amount": "450.0", "CloseDate": "2026-11-18"}  # fmt: skip
OUTBOUND = (
    outbound("Opportunity", _SNAPSHOT),
    outbound("Opportunity", {**_SNAPSHOT, "SystemModstamp": "2026-11-18T11:30:00.000Z", "StageName": "Closed Won",
                             "Amount": "500.0"}, "04l000000000002AAA"),
)  # fmt: skip
ZOHO = (
    {**zoho("insert", "Deals", {"Stage": "Qualification", "Amount": 800}), "server_time": AT_MS - 9},
    zoho("update", "Deals", {"Stage": "Closed Won", "Amount": 900}),
)
_NOW = {"id": 41, "value": 80, "currency": "EUR", "stage_id": 1, "status": "open", "add_time": "2026-11-10T09:00:00Z"}
_WON = {**_NOW, "status": "won", "won_time": "2026-11-18T11:58:00Z", "value": 100, "stage_id": 2}
PIPEDRIVE = (
    pipedrive("create", _NOW), pipedrive("change", _WON, {"status": "open", "value": 80, "stage_id": 1}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "deliveries", "expected"),
    [
        ("hubspot", HUBSPOT[:2], (0, "0.00", 0, 1, None)),
        ("hubspot", HUBSPOT, (1, "1200.50", 0, 0, 1.0)),
        ("hubspot", (*HUBSPOT, REOPENED), (0, "0.00", 0, 1, None)),
        ("hubspot", (*HUBSPOT, MERGED), (0, "0.00", 0, 0, None)),
        ("hubspot", (*HUBSPOT, [notice("deal.deletion", 7)]), (0, "0.00", 0, 0, None)),
        ("salesforce", SALESFORCE[:2], (1, "700.50", 0, 0, 1.0)),
        ("salesforce", SALESFORCE, (0, "0.00", 1, 0, 0.0)),
        (
            "salesforce",
            (
                *SALESFORCE[1:2],
                cdc("DELETE", DEAL, sequence=4),
                cdc("UNDELETE", DEAL, sequence=5, StageName="Closed Won"),
            ),
            (1, "700.50", 0, 0, 1.0),
        ),
        ("salesforce_outbound", OUTBOUND[:1], (0, "0.00", 0, 1, None)),
        ("salesforce_outbound", OUTBOUND, (1, "500.00", 0, 0, 1.0)),
        ("zoho", ZOHO, (1, "900.00", 0, 0, 1.0)),
        ("zoho", (*ZOHO, {**zoho("delete", "Deals"), "server_time": AT_MS + 9}), (0, "0.00", 0, 0, None)),
        ("pipedrive", PIPEDRIVE, (1, "100.00", 0, 0, 1.0)),
        ("pipedrive", (*PIPEDRIVE, pipedrive("delete", None, _WON)), (0, "0.00", 0, 0, None)),
    ],
)
def test_a_deal_is_what_the_crm_says_in_whatever_order_it_says_it(
    provider: str, deliveries: Sequence[Any], expected: tuple[Any, ...]
) -> None:
    """Won with its amount; opened again, merged away, deleted or lost it is won no more."""
    for order in in_every_order(deliveries):
        found = told(provider, order, "currency=EUR").values(DEALS, "7d", MIDNIGHT)
        assert tuple(found.values()) == expected


def test_a_lead_of_hubspot_becomes_an_opportunity_once() -> None:
    """By the deal that is put to its contact; a contact who is a customer is no lead."""
    story = (
        [change("contact", "lifecyclestage", "lead", 1, objectId=4), change("contact", "lifecyclestage", "customer",
            2)],
        [notice("deal.creation", 3, objectId=5)],
        [notice("deal.associationChange", number, associationType="DEAL_TO_CONTACT", fromObjectId=5, toObjectId=contact,
                associationRemoved=False) for number, contact in ((4, 4), (5, 1246))],
    )  # fmt: skip
    for order in in_every_order(story):
        found = told("hubspot", order).values(("leads", "lead_to_opportunity_rate"), "7d", MIDNIGHT)
        assert tuple(found.values()) == (1, 1.0)


def test_mrr_is_that_of_the_subscriptions() -> None:
    """Of a month and of a year; what is cancelled brings nothing."""
    yearly = subscription(item(12_000, "year"), id="sub_2", customer="cus_2")
    story = [
        stripe("customer.subscription.created", subscription(item(5000))),
        stripe("customer.subscription.created", yearly, id="evt_2"),
        stripe(
            "customer.subscription.deleted", subscription(item(5000), ended_at=AT_S + 30), id="evt_3", created=AT_S + 30
        ),
    ]
    assert told("stripe", story[:2]).values(["mrr"], "7d", MIDNIGHT) == {"mrr": "60.00"}
    for order in in_every_order(story):
        assert told("stripe", order).values(["mrr"], "7d", MIDNIGHT) == {"mrr": "10.00"}


def test_a_charge_and_its_two_refunds_are_what_is_left() -> None:
    """In yen, which have no decimals."""
    charge = {"id": "ch_1", "customer": "cus_1", "currency": "jpy", "amount": 5000, "captured": True}
    story = [
        stripe("charge.succeeded", charge),
        stripe("charge.refunded", {**charge, "amount_refunded": 1000}, {"amount_refunded": 0}, id="evt_2"),
        stripe("charge.refunded", {**charge, "amount_refunded": 1500}, {"amount_refunded": 1000}, id="evt_3"),
    ]
    for order in in_every_order(story):
        found = told("stripe", order).values(["net_revenue"], "7d", MIDNIGHT, settings=TenantSettings(currency="JPY"))
        assert found == {"net_revenue": "3500"}


def test_an_order_that_shopify_tells_of_twice_is_one() -> None:
    """When it is made and when it is paid; less its tax, and what went back."""
    order = {"id": 1, "created_at": "2026-11-18T10:00:00Z", "currency": "EUR", "total_price": "124.00",
             "total_tax": "24.00", "customer": {"id": 7}, "updated_at": "2026-11-18T10:00:00Z"}  # fmt: skip
    refund = {"id": 2, "order_id": 1, "created_at": "2026-11-18T11:00:00Z",
              "refund_line_items": [{"total_tax": "2.40"}],
              "transactions": [{"kind": "refund", "status": "success", "amount": "12.40",
                  "currency": "EUR"}]}  # fmt: skip
    paid = {**order, "financial_status": "paid", "updated_at": "2026-11-18T10:05:00Z"}
    feed = Feed()
    for topic, content in (("orders/paid", paid), ("refunds/create", refund), ("orders/create", order)):
        feed.items += told("shopify", [content], **{"x-shopify-topic": topic}).items
    assert feed.values(("net_revenue", "orders"), "7d", MIDNIGHT) == {"net_revenue": "90.00", "orders": 1}
