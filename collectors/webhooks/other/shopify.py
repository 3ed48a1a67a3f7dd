"""Shopify: orders, cancellations, refunds, requests to forget a customer.

https://shopify.dev/docs/api/webhooks and, for the proof, https://shopify.dev/docs/apps/build/webhooks/subscribe/https.
The body is signed and the headers are not, so ids and times are the body's own. Test orders are left out.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import base64_mac, prove
from collectors.webhooks.items import Fault, at, document, given, maybe, reading, rows, table, text
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import header


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature = header(arrived, "x-shopify-hmac-sha256")
    prove([signature], secrets, lambda key: base64_mac(key, arrived.body))


def _read(arrived: Arrived) -> Reading:
    topic = arrived.headers.get("x-shopify-topic")
    if not topic:
        raise Unreadable("is missing", "x-shopify-topic")
    make = _TOPICS.get(topic)
    return reading(arrived, [document(arrived)], lambda item: make(table(item)) if make else ())


def _completed(order: dict[str, Any]) -> Iterator[Event]:
    """An order that was made or paid. With both topics it is told twice, and counts once: it is one order_id."""
    if at(order, "test") is True or maybe(order, "financial_status") == "voided":
        return
    name = text(order, "id")
    country = maybe(order, "shipping_address.country_code") or maybe(order, "billing_address.country_code")
    data = given(
        order_id=name, amount=at(order, "total_price"), currency=text(order, "currency"), tax=at(order, "total_tax"),
        customer_id=maybe(order, "customer.id"), email=maybe(order, "email"), phone=maybe(order, "phone"),
        referrer=maybe(order, "referring_site"), traits=given(country=country),
    )  # fmt: skip
    paid = maybe(order, "financial_status") or "made"
    time = maybe(order, "processed_at") or text(order, "created_at")
    yield Event("crm.order.completed", f"order-{name}-{paid}-{maybe(order, 'updated_at') or time}", time, data)


def _cancelled(order: dict[str, Any]) -> Iterator[Event]:
    if at(order, "test") is True:
        return
    name, time = text(order, "id"), text(order, "cancelled_at")
    data = given(order_id=name, customer_id=maybe(order, "customer.id"), reason=maybe(order, "cancel_reason"))
    yield Event("crm.order.cancelled", f"order-{name}-cancelled-{time}", time, data)


def _refunded(refund: dict[str, Any]) -> Iterator[Event]:
    """The money that went back; goods taken back without money are no refund."""
    paid = [one for one in rows(refund, "transactions") if _is_paid_back(one)]
    if not paid:
        return
    amount = sum((_number(one, "amount") for one in paid), Decimal(0))
    tax = sum((_number(one, "total_tax") for one in rows(refund, "refund_line_items")), Decimal(0))
    currencies = {text(one, "currency") for one in paid}
    if len(currencies) > 1:
        raise Fault("transactions.currency", "must be the same for all of a refund")
    name = text(refund, "id")
    data = given(
        order_id=text(refund, "order_id"), refund_id=name, amount=format(amount, "f"), currency=currencies.pop(),
        tax=format(tax, "f") if 0 < tax <= amount else None,
    )  # fmt: skip
    yield Event("crm.order.refunded", f"refund-{name}", text(refund, "created_at"), data)


def _is_paid_back(transaction: Any) -> bool:
    return (
        maybe(transaction, "kind") == "refund"
        and maybe(transaction, "status") == "success"
        and at(transaction, "test") is not True
    )


def _number(item: Any, path: str) -> Decimal:
    value = at(item, path)
    try:
        found = Decimal(str(value)) if type(value) in (str, int, float) and len(str(value)) < 25 else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or not 0 <= found < 10**15:
        raise Fault(path, "must be a number like 12.50")
    return found


def _forgotten(request: dict[str, Any]) -> Iterator[Event]:
    customer = text(request, "customer.id")
    yield Event(
        "crm.privacy.erasure_requested", f"redact-{customer}", None, {"customer_id": customer, "mode": "forget"}
    )


_TOPICS: Final[dict[str, Callable[[dict[str, Any]], Iterator[Event]]]] = {
    "orders/create": _completed, "orders/paid": _completed, "orders/cancelled": _cancelled,
    "refunds/create": _refunded, "customers/redact": _forgotten,
}  # fmt: skip

PROVIDER: Final = Provider(
    "shopify", "Shopify", "the client secret of the app, or the key shown under Settings > Notifications > Webhooks",
    _verify, _read,
)  # fmt: skip
