"""Amounts of Stripe: integers in the smallest unit that Stripe uses of a currency.

https://docs.stripe.com/currencies#zero-decimal
"""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from collectors.webhooks.items import Fault, at, text, whole

_WHOLE: Final = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
_THOUSANDTHS: Final = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def places(currency: str) -> int:
    """How many decimals Stripe's unit of a currency has: 2 for usd, 0 for jpy, 3 for kwd (also for isk and ugx: 2)."""
    code = currency.lower()
    return 0 if code in _WHOLE else 3 if code in _THOUSANDTHS else 2


def major(item: Any, path: str) -> dict[str, str]:
    """``amount`` and ``currency`` of an object that has its currency beside the amount. Fault."""
    currency = text(item, "currency")
    return {"amount": plain(Decimal(whole(item, path)).scaleb(-places(currency))), "currency": currency.upper()}


def decimal(item: Any, path: str) -> Decimal | None:
    """An amount in Stripe's unit with parts of it (``unit_amount_decimal``); None where there is none. Fault."""
    value = at(item, path)
    if value is None:
        return None
    try:
        found = Decimal(value) if type(value) in (str, int) and len(str(value)) < 40 else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found) >= Decimal(10) ** 18:
        raise Fault(path, "must be a decimal number")
    return found


def plain(amount: Decimal) -> str:
    """Without an exponent."""
    return format(amount, "f")
