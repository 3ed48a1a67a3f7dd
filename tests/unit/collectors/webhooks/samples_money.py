"""Deliveries of Stripe and Shopify."""

from typing import Any, Final

from tests.unit.collectors.webhooks.samples import AT, AT_S, Sample


def stripe(kind: str, thing: dict[str, Any], before: Any = None, **more: Any) -> dict[str, Any]:
    """An event of Stripe."""
    data = {"object": thing, **({"previous_attributes": before} if before is not None else {})}
    return {"id": "evt_1", "object": "event", "api_version": "2025-03-31.basil", "created": AT_S, "livemode": True,
            "type": kind, "data": data, **more}  # fmt: skip


def item(amount: Any, interval: str = "month", count: int = 1, quantity: Any = 1, **price: Any) -> dict[str, Any]:
    """An item of a subscription."""
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    told = {"unit_amount": amount, "currency": "eur", "recurring": recurring, **price}
    return {"id": "si_1", "price": told, "quantity": quantity, "current_period_end": AT_S + 86_400}


def subscription(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A subscription."""
    return {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "currency": "eur",
            "cancel_at_period_end": False, "items": {"object": "list", "data": list(items)}, **more}  # fmt: skip


_SUB: Final = {"subscription_id": "sub_1", "customer_id": "cus_1"}
_MONTHLY: Final = {**_SUB, "currency": "EUR", "interval": "month"}
_METERED: Final[dict[str, Any]] = {"recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"}}
_COUPON: Final = {"coupon": {"duration": "forever", "percent_off": 25, "amount_off": None}}


def _started(name: str, sub: dict[str, Any], **data: Any) -> Sample:
    expected = (("subscription.started", "evt_1", AT, {**_MONTHLY, **data}),)
    return Sample("stripe", name, stripe("customer.subscription.created", sub), expected)


def _updated(name: str, sub: dict[str, Any], before: Any, *expected: tuple[str, dict[str, Any]]) -> Sample:
    ids = ("evt_1", "evt_1-1", "evt_1-2")
    events = tuple((type_, ids[place], AT, data) for place, (type_, data) in enumerate(expected))
    made = stripe("customer.subscription.updated", sub, before)
    return Sample("stripe", name, made, events, ignored=int(not events))


_INVOICE: Final = {"id": "in_1", "customer": "cus_1", "currency": "eur", "amount_paid": 4990, "amount_due": 4990,
                   "subscription": "sub_1"}  # fmt: skip
_CHARGE: Final = {"id": "ch_1", "customer": {"id": "cus_1"}, "currency": "jpy", "amount": 5000, "amount_captured": 5000,
                  "captured": True, "amount_refunded": 0,
                  "billing_details": {"address": {"country": "JP"}}}  # fmt: skip
_PAYMENT: Final = {"amount": "49.90", "currency": "EUR", "customer_id": "cus_1", "subscription_id": "sub_1",
                   "invoice_id": "in_1"}  # fmt: skip
_BASIL: Final = {**{name: value for name, value in _INVOICE.items() if name != "subscription"},
                 "parent": {"subscription_details": {"subscription": "sub_1"}}}  # fmt: skip

STRIPE: Final = (
    _started("a subscription", subscription(item(4990, quantity=3)), mrr="149.7"),
    _started("a yearly one", subscription(item(10_000, "year")), mrr="8.333333333", interval="year"),
    _started("two items, one by the quarter", subscription(item(1000), item(3000, "month", 3)), mrr="20"),
    _started("metered use has no MRR", subscription(item(1000), item(None, **_METERED)), mrr="10"),
    _started("parts of a cent", subscription(item(None, unit_amount_decimal="0.5", quantity=50)), mrr="0.25"),
    _started("a coupon for ever", subscription(item(1000), discount=_COUPON), mrr="7.5"),
    _started("a trial brings nothing", subscription(item(1000), status="trialing"), mrr="0"),
    _started("a currency of thousandths", subscription(item(1500), currency="kwd"), mrr="1.5", currency="KWD"),
    _updated("a trial ends", subscription(item(1000)), {"status": "trialing"},
             ("subscription.changed", {**_MONTHLY, "mrr": "10"})),
    _updated("a cancellation is planned", subscription(item(1000), cancel_at_period_end=True, cancel_at=AT_S + 86_400),
             {"cancel_at_period_end": False, "cancel_at": None},
             ("subscription.cancel_scheduled", {**_SUB, "effective_at": "2026-11-19T11:59:00Z"})),
    _updated("and taken back", subscription(item(1000)), {"cancel_at_period_end": True}, ("subscription.resumed",
        _SUB)),
    _updated("a pause", subscription(item(1000), pause_collection={"behavior": "void"}), {"pause_collection": None},
             ("subscription.paused", _SUB)),
    _updated("a new period is no news", subscription(item(1000)), {"current_period_end": 1}),
    Sample(
        "stripe", "a subscription ends",
        stripe("customer.subscription.deleted",
               subscription(item(1000), ended_at=AT_S - 60, cancellation_details={"reason": "cancellation_requested"})),
        (("subscription.cancelled", "evt_1", AT,
          {**_SUB, "effective_at": "2026-11-18T11:58:00Z", "reason": "cancellation_requested"}),),
    ),
    Sample("stripe", "a price by tiers", stripe("customer.subscription.created", subscription(item(None))),
           bad=("items.data.price.unit_amount",)),
    Sample("stripe", "an invoice is paid", stripe("invoice.paid", _INVOICE), (("payment.received", "evt_1", AT,
        _PAYMENT),)),
    Sample("stripe", "an invoice of a newer version", stripe("invoice.paid", _BASIL),
           (("payment.received", "evt_1", AT, _PAYMENT),)),
    Sample("stripe", "an invoice over nothing", stripe("invoice.paid", {**_INVOICE, "amount_paid": 0}), ignored=1),
    Sample("stripe", "an invoice is not paid", stripe("invoice.payment_failed", _INVOICE),
           (("payment.failed", "evt_1", AT, _PAYMENT),)),
    Sample(
        "stripe", "a charge in a currency without decimals", stripe("charge.succeeded", _CHARGE),
        (("order.completed", "evt_1", AT, {"order_id": "ch_1", "amount": "5000", "currency": "JPY",
                                           "customer_id": "cus_1", "traits": {"country": "JP"}}),),
    ),
    Sample("stripe", "a charge that is not captured yet", stripe("charge.succeeded", {**_CHARGE, "captured": False}),
           ignored=1),
    Sample(
        "stripe", "the second refund of a charge",
        stripe("charge.refunded", {**_CHARGE, "amount_refunded": 1500}, {"amount_refunded": 1000}),
        (("order.refunded", "evt_1", AT, {"order_id": "ch_1", "refund_id": "ch_1-1500", "amount": "500",
                                          "currency": "JPY", "customer_id": "cus_1"}),),
    ),
    Sample("stripe", "test mode", stripe("invoice.paid", _INVOICE, livemode=False), ignored=1),
    Sample("stripe", "test mode, wanted", stripe("invoice.paid", _INVOICE, livemode=False),
           (("payment.received", "evt_1", AT, _PAYMENT),), query="test=1"),
    Sample("stripe", "no currency", stripe("invoice.paid", {**_INVOICE, "currency": None}), bad=("currency",)),
    Sample("stripe", "not a whole number of cents", stripe("invoice.paid", {**_INVOICE, "amount_paid": 1.5}),
           bad=("amount_paid",)),
    Sample("stripe", "what is no event of ours", stripe("customer.created", {"id": "cus_1"}), ignored=1),
)  # fmt: skip

_ORDER: Final[dict[str, Any]] = {
    "id": 820982911946154508, "email": "jon@example.com", "created_at": "2026-11-18T06:59:00-05:00",
        "processed_at": None,
    "updated_at": "2026-11-18T06:59:01-05:00", "test": False, "financial_status": "paid", "currency": "USD",
    "total_price": "199.98", "total_tax": "11.94", "customer": {"id": 115310627314723954},
    "shipping_address": {"country_code": "US"}, "line_items": [], "referring_site": "https://search.example/",
}  # fmt: skip
_ORDER_DATA: Final = {
    "order_id": "820982911946154508", "amount": "199.98", "currency": "USD", "tax": "11.94", "email": "jon@example.com",
    "customer_id": "115310627314723954", "referrer": "https://search.example/", "traits": {"country": "US"},
}  # fmt: skip
_REFUND: Final = {
    "id": 890088186047892319, "order_id": 820982911946154508, "created_at": AT,
    "refund_line_items": [{"subtotal": 40.0, "total_tax": 1.94}],
    "transactions": [
        {"kind": "refund", "status": "success", "amount": "41.94", "currency": "USD"},
        {"kind": "refund", "status": "failure", "amount": "41.94", "currency": "USD"},
    ],
}  # fmt: skip


def _shopify(
    name: str, topic: str, content: Any, *expected: tuple[str, str, str | None, dict[str, Any]], **more: Any
) -> Sample:
    return Sample("shopify", name, content, expected, headers=(("x-shopify-topic", topic),), **more)


_ORDER_ID: Final = "order-820982911946154508"

SHOPIFY: Final = (
    _shopify("an order is paid", "orders/paid", _ORDER,
             ("order.completed", f"{_ORDER_ID}-paid-2026-11-18T06:59:01-05:00", _ORDER["created_at"], _ORDER_DATA)),
    _shopify("an order to be paid later", "orders/create", {**_ORDER, "financial_status": "pending"},
             ("order.completed", f"{_ORDER_ID}-pending-2026-11-18T06:59:01-05:00", _ORDER["created_at"], _ORDER_DATA)),
    _shopify("a test order", "orders/paid", {**_ORDER, "test": True}, ignored=1),
    _shopify("an order is cancelled", "orders/cancelled", {**_ORDER, "cancelled_at": AT, "cancel_reason": "customer"},
             ("order.cancelled", f"{_ORDER_ID}-cancelled-{AT}", AT,
              {"order_id": "820982911946154508", "customer_id": "115310627314723954", "reason": "customer"})),
    _shopify("a refund, of which a part failed", "refunds/create", _REFUND,
             ("order.refunded", "refund-890088186047892319", AT,
              {"order_id": "820982911946154508", "refund_id": "890088186047892319", "amount": "41.94",
               "currency": "USD", "tax": "1.94"})),
    _shopify("goods back without money", "refunds/create", {**_REFUND, "transactions": []}, ignored=1),
    _shopify("a customer wants to be forgotten", "customers/redact", {"shop_id": 1, "customer": {"id": 191167}},
             ("privacy.erasure_requested", "redact-191167", None, {"customer_id": "191167", "mode": "forget"})),
    _shopify("another topic", "products/create", {"id": 1}, ignored=1),
    _shopify("an amount that is none", "orders/paid", {**_ORDER, "total_price": "a lot"}, bad=("amount",)),
)  # fmt: skip
