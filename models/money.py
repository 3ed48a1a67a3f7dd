"""Money as integers in minor units. Nothing is rounded here: what does not fit is refused.

Amounts with fractions of a cent (costs in millionths, a twelfth of a yearly price) are in units of 10^-9, marked by the
currency: ``EUR9`` beside ``EUR``. Both are one currency in two units.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from babel.numbers import get_currency_precision, list_currencies

from models.bounds import AMOUNT_LIMIT
from models.refused import Refused

FINE: Final = 9  # decimals of the smallest unit
_KNOWN: Final = frozenset(list_currencies()) - {"XXX", "XTS"}
_PLAIN: Final = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?")
# Longer numbers may have lost digits as doubles.
_LONG_NUMBER: Final = re.compile(rb"(?<![0-9.])[0-9.]{16}")
_LONGEST: Final = 400  # characters in a number: the largest double takes 309


@lru_cache(1024)
def currency(text: str) -> tuple[str, int]:
    """(upper-case ISO 4217 code, its decimals). Refused unknown_currency for anything else, XXX included."""
    code = text.upper()
    if code not in _KNOWN:
        raise Refused("unknown_currency", "currency")
    places: int = get_currency_precision(code)  # babel declares Any
    return code, places


def digits(code: str) -> int:
    """Decimals of a currency's unit: 2 for EUR, 0 for JPY, 3 for KWD, 9 for EUR9."""
    return FINE if is_fine(code) else currency(code)[1]


def is_fine(code: str) -> bool:
    """Whether its amounts are in units of 10^-9."""
    return len(code) == 4


def iso(code: str) -> str:
    """The ISO code, whatever the unit."""
    return code[:3]


def fine(code: str) -> str:
    """The same currency in units of 10^-9."""
    return f"{iso(code)}{FINE}"


def decimals(value: Decimal) -> int:
    """The number of decimals, without trailing zeros."""
    _, figures, exponent = value.as_tuple()
    if not value or not isinstance(exponent, int):
        return 0
    if exponent >= 0:
        return 0
    zeros = len(figures) - len("".join(map(str, figures)).rstrip("0"))
    return max(0, -exponent - zeros)


def decimal(value: object, field: str, raw: bytes, exact: Callable[[], Any]) -> Decimal:
    """The number as written. ``exact`` rereads the data; called only for very long numbers."""
    if type(value) is int:
        return Decimal(value)
    if type(value) is str and len(value) < 130 and _PLAIN.fullmatch(value):
        return Decimal(value)
    if type(value) is float:
        text = exact()[field] if _LONG_NUMBER.search(raw) else repr(value)
        if len(text) <= _LONGEST:
            return Decimal(text)
    raise Refused(
        "bad_amount" if type(value) in (str, float) else "wrong_type", field, "must be a number, or a string like 12.50"
    )


def minor_units(value: Decimal, places: int, field: str) -> int:
    """``value`` in units of 10^-places. Exact, else Refused: amount_precision, amount_range, negative_amount."""
    sign, figures, exponent = value.as_tuple()
    if sign and value:
        raise Refused("negative_amount", field)
    if not isinstance(exponent, int) or value.adjusted() > 19:
        raise Refused("amount_range", field)
    number = int("".join(map(str, figures)))
    shift = exponent + places
    power: int = 10 ** min(abs(shift), 400)
    units, rest = (number * power, 0) if shift >= 0 else divmod(number, power)
    if rest:
        raise Refused("amount_precision", field)
    if units >= AMOUNT_LIMIT:
        raise Refused("amount_range", field)
    return units


def plain(
    value: object, field: str, raw: bytes, exact: Callable[[], Any], *, magnitude: int, signed: bool = False
) -> str:
    """A rate or target as plain decimal text (no exponent), zero or within [10^-magnitude, 10^magnitude].

    Refused amount_range outside that, negative_amount below zero unless ``signed``.
    """
    number = decimal(value, field, raw, exact)
    if number < 0 and not signed:
        raise Refused("negative_amount", field)
    if number and not Decimal(1).scaleb(-magnitude) <= abs(number) <= Decimal(1).scaleb(magnitude):
        raise Refused("amount_range", field)
    return format(number, "f")
