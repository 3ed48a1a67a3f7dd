"""What Stripe's events of subscriptions mean, and what a subscription brings in a month.

https://docs.stripe.com/api/subscriptions/object. MRR is that of the items with a fixed price, less coupons that hold
for ever; metered items have none, and neither has a trial or a subscription whose first invoice is not paid.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from collectors.webhooks.items import Fault, at, given, maybe, maybe_whole, rows, text
from collectors.webhooks.other.stripe_money import decimal, places, plain
from collectors.webhooks.times import of_s

_MONTHS: Final = {"day": Decimal(365) / 12, "week": Decimal(365) / 84, "month": Decimal(1), "year": Decimal(1) / 12}
_UNPAID: Final = ("trialing", "incomplete", "incomplete_expired", "paused")
_PRICED: Final = ("items", "plan", "quantity", "discount", "discounts", "status")
_NANO: Final = Decimal(1).scaleb(-9)
_TOO_MUCH: Final = Decimal(10) ** 17


def subscription_events(
    happening: str, subscription: dict[str, Any], before: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(type without ``crm.``, data) for what happened: "created", "updated", "deleted", "paused", "resumed"."""
    about = given(subscription_id=text(subscription, "id"), customer_id=_customer(subscription))
    if happening == "created":
        yield "subscription.started", about | _price(subscription)
    elif happening == "deleted":
        ended = maybe_whole(subscription, "ended_at")
        reason = maybe(subscription, "cancellation_details.reason")
        when = of_s(ended, "ended_at") if ended else None
        yield "subscription.cancelled", about | given(effective_at=when, reason=reason)
    elif happening in ("paused", "resumed"):
        yield f"subscription.{happening}", about
    elif happening == "updated":
        yield from _updated(about, subscription, before)


def _updated(
    about: dict[str, Any], subscription: dict[str, Any], before: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    if any(name in before for name in _PRICED):
        yield "subscription.changed", about | _price(subscription)
    if "pause_collection" in before:
        paused = at(subscription, "pause_collection") is not None
        yield ("subscription.paused" if paused else "subscription.resumed"), about
    if "cancel_at_period_end" in before or "cancel_at" in before:
        yield _scheduled(about, subscription)


def _scheduled(about: dict[str, Any], subscription: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A cancellation is planned, or the plan is taken back."""
    at_end = at(subscription, "cancel_at_period_end") is True
    when = maybe_whole(subscription, "cancel_at") or (_period_end(subscription) if at_end else None)
    if when is None and not at_end:
        return "subscription.resumed", about
    return "subscription.cancel_scheduled", about | given(effective_at=of_s(when, "cancel_at") if when else None)


def _period_end(subscription: dict[str, Any]) -> int | None:
    """Newer versions of the API keep it with the items."""
    paths = ("current_period_end", "items.data.0.current_period_end")
    return next((end for path in paths if (end := maybe_whole(subscription, path))), None)


def _price(subscription: dict[str, Any]) -> dict[str, str]:
    items = rows(subscription, "items.data")
    currency = maybe(subscription, "currency") or text(subscription, "items.data.0.price.currency")
    interval = maybe(subscription, "items.data.0.price.recurring.interval")
    free = maybe(subscription, "status") in _UNPAID
    monthly = Decimal(0) if free else sum((_monthly(item) for item in items), Decimal(0))
    monthly = _discounted(monthly, subscription)
    if abs(monthly) >= _TOO_MUCH:
        raise Fault("items.data", "the amounts are too large")
    mrr = monthly.scaleb(-places(currency)).quantize(_NANO, ROUND_HALF_EVEN).normalize()
    return given(mrr=plain(mrr), currency=currency.upper(), interval=interval)


def _monthly(item: Any) -> Decimal:
    """An item's share of a month, in Stripe's unit. Fault: its price has no one amount."""
    if at(item, "price.recurring.usage_type") == "metered":
        return Decimal(0)
    unit = decimal(item, "price.unit_amount_decimal")
    unit = decimal(item, "price.unit_amount") if unit is None else unit
    if unit is None:
        raise Fault("items.data.price.unit_amount", "is missing: a price by tiers has no amount of its own")
    quantity = maybe_whole(item, "quantity")
    return unit * (1 if quantity is None else quantity) * _share(item, "price.recurring")


def _share(item: Any, path: str) -> Decimal:
    """What part of an amount a month has."""
    interval, count = maybe(item, f"{path}.interval"), maybe_whole(item, f"{path}.interval_count")
    if interval not in _MONTHS or (count is not None and count < 1):
        raise Fault(f"items.data.{path}.interval", "must be day, week, month or year, of which one or more")
    return _MONTHS[interval] / (count or 1)


def _discounted(monthly: Decimal, subscription: dict[str, Any]) -> Decimal:
    coupon = at(subscription, "discount.coupon")
    if at(coupon, "duration") != "forever" or not monthly:
        return monthly
    percent, off = at(coupon, "percent_off"), decimal(coupon, "amount_off")
    if isinstance(percent, int | float) and 0 <= percent <= 100:
        monthly = monthly * (100 - Decimal(str(percent))) / 100
    if off is not None:
        monthly -= off * _share(subscription, "items.data.0.price.recurring")
    return max(monthly, Decimal(0))


def _customer(subscription: dict[str, Any]) -> str | None:
    return maybe(subscription, "customer.id" if isinstance(subscription.get("customer"), dict) else "customer")
