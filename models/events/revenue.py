"""Orders, subscriptions, renewals, payments. Refunds are positive amounts on their own type."""

from typing import Any, Final, Required

from models.events.common import Amount, Common, Currency, Id, Instant, Label, Shapes

TOPIC: Final = "crm.revenue.v1"


class Order(Common, total=False):
    """An order was completed; ``amount`` includes ``tax``."""

    order_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    amount: Required[Amount]
    currency: Required[Currency]
    tax: Amount
    items: list[Any]
    reason: Label


class OrderRefunded(Order, total=False):
    """An order was (partly) refunded: ``amount`` includes ``tax``. A repeated event has the same ``refund_id``."""

    refund_id: Id


class OrderCancelled(Common, total=False):
    """An order was cancelled."""

    order_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    amount: Amount
    currency: Currency
    tax: Amount
    items: list[Any]
    reason: Label


class SubscriptionPriced(Common, total=False):
    """A subscription started or changed price; ``mrr`` is its monthly share, without tax."""

    subscription_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    mrr: Required[Amount]
    currency: Required[Currency]
    interval: Label
    effective_at: Instant


class SubscriptionChanged(Common, total=False):
    """A subscription was paused, resumed or cancelled, now or at ``effective_at``."""

    subscription_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    effective_at: Instant
    reason: Label


class RenewalDue(Common, total=False):
    """A contract is due for renewal."""

    contract_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    due_at: Required[Instant]
    amount: Required[Amount]
    currency: Required[Currency]


class RenewalClosed(Common, total=False):
    """A contract was renewed or lost."""

    contract_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    due_at: Instant
    amount: Amount
    currency: Currency
    reason: Label


class Payment(Common, total=False):
    """A payment was received or failed."""

    amount: Required[Amount]
    currency: Required[Currency]
    reason: Label


SHAPES: Final[Shapes] = {
    "order.completed": Order,
    "order.cancelled": OrderCancelled,
    "order.refunded": OrderRefunded,
    "subscription.started": SubscriptionPriced,
    "subscription.changed": SubscriptionPriced,
    "subscription.paused": SubscriptionChanged,
    "subscription.resumed": SubscriptionChanged,
    "subscription.cancel_scheduled": SubscriptionChanged,
    "subscription.cancelled": SubscriptionChanged,
    "renewal.due": RenewalDue,
    "renewal.completed": RenewalClosed,
    "renewal.lost": RenewalClosed,
    "payment.received": Payment,
    "payment.failed": Payment,
}
