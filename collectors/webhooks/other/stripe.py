"""Stripe: subscriptions, invoices, charges.

https://docs.stripe.com/api/events/types and, for the proof, https://docs.stripe.com/webhooks#verify-manually. Events of
test mode are left out, unless the address ends in ``?test=1``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import fresh, hex_mac, prove, stamp
from collectors.webhooks.items import Fault, at, document, given, maybe, maybe_whole, reading, table, text, whole
from collectors.webhooks.options import options
from collectors.webhooks.other.stripe_money import major
from collectors.webhooks.other.stripe_subscriptions import subscription_events
from collectors.webhooks.provider import Forged, Provider
from collectors.webhooks.signing import header
from collectors.webhooks.times import of_s


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    parts = [part.partition("=") for part in header(arrived, "stripe-signature").split(",")]
    sent = [value for name, _, value in parts if name.strip() == "t"]
    if len(sent) != 1:
        raise Forged("the signature names no time")
    fresh(arrived, stamp(sent[0]) * 1000)
    message = sent[0].encode() + b"." + arrived.body
    prove((value for name, _, value in parts if name.strip() == "v1"), secrets, lambda key: hex_mac(key, message))


def _read(arrived: Arrived) -> Reading:
    test = options(arrived).get("test") == "1"
    return reading(arrived, [document(arrived)], lambda item: _events(item, test))


def _events(item: Any, test: bool) -> Iterator[Event]:
    table(item)
    kind, name = text(item, "type"), text(item, "id")
    if at(item, "livemode") is not True and not test:
        return
    time = of_s(whole(item, "created"), "created")
    thing, before = table(item, "data.object"), at(item, "data.previous_attributes")
    before = before if isinstance(before, dict) else {}
    made: Iterator[Made | None]
    if kind.startswith("customer.subscription."):
        made = subscription_events(kind.rpartition(".")[2], thing, before)
    else:
        made = iter([_MADE[kind](thing, before)]) if kind in _MADE else iter(())
    for place, one in enumerate(made):
        if one is not None:
            yield Event(f"crm.{one[0]}", f"{name}-{place}" if place else name, time, one[1])


Made = tuple[str, dict[str, Any]]
"""A type without ``crm.``, and its data."""


def _paid(invoice: dict[str, Any], _: dict[str, Any]) -> Made | None:
    """A free invoice is paid, too, but no money came."""
    if whole(invoice, "amount_paid") == 0:
        return None
    return "payment.received", _payment(invoice, "amount_paid")


def _failed(invoice: dict[str, Any], _: dict[str, Any]) -> Made:
    reason = maybe(invoice, "last_finalization_error.code")
    return "payment.failed", _payment(invoice, "amount_due") | given(reason=reason)


def _payment(invoice: dict[str, Any], amount: str) -> dict[str, Any]:
    subscription = "parent.subscription_details.subscription" if "parent" in invoice else "subscription"
    return given(
        **major(invoice, amount), customer_id=reference(invoice, "customer"),
        subscription_id=reference(invoice, subscription), invoice_id=text(invoice, "id"),
    )  # fmt: skip


def _ordered(charge: dict[str, Any], _: dict[str, Any]) -> Made | None:
    """A charge counts once it is captured."""
    if at(charge, "captured") is not True:
        return None
    amount = "amount_captured" if maybe_whole(charge, "amount_captured") is not None else "amount"
    country = maybe(charge, "billing_details.address.country")
    return "order.completed", given(
        order_id=text(charge, "id"), **major(charge, amount), customer_id=reference(charge, "customer"),
        traits=given(country=country),
    )  # fmt: skip


def _refunded(charge: dict[str, Any], before: dict[str, Any]) -> Made:
    """``amount_refunded`` is the sum of all refunds of a charge; what it was before tells this one."""
    refunded = whole(charge, "amount_refunded")
    earlier = maybe_whole(before, "amount_refunded") or 0
    if refunded <= earlier:
        raise Fault("data.object.amount_refunded", "is not more than it was before")
    part = {**charge, "amount_refunded": refunded - earlier}
    order = text(charge, "id")
    return "order.refunded", given(
        order_id=order, refund_id=f"{order}-{refunded}", **major(part, "amount_refunded"),
        customer_id=reference(charge, "customer"),
    )  # fmt: skip


def reference(item: Any, path: str) -> str | None:
    """The id of another object: Stripe gives the object itself where it was asked to expand it."""
    return maybe(item, f"{path}.id" if isinstance(at(item, path), dict) else path)


_MADE: Final = {
    "invoice.paid": _paid, "invoice.payment_failed": _failed, "charge.succeeded": _ordered,
    "charge.captured": _ordered, "charge.refunded": _refunded,
}  # fmt: skip

PROVIDER: Final = Provider("stripe", "Stripe", "the signing secret of the endpoint (whsec_…)", _verify, _read)
