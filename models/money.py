"""Money is integers in minor units. Nothing is rounded here: what does not fit is refused.

An amount with parts of cents (costs in millionths, a twelfth of a yearly price) is in units of 10^-9, and its currency
says so: ``EUR9`` beside ``EUR``. Both are one currency, of two units.
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
# Longer numbers than this may have lost digits on their way through a double.
_LONG_NUMBER: Final = re.compile(rb"(?<![0-9.])[0-9.]{16}")
_LONGEST: Final = 400  # characters of a number: the largest double takes 309


@lru_cache(1024)
def currency(text: str) -> tuple[str, int]:
    """(upper-case ISO 4217 code, decimals it has). Refused unknown_currency for anything else, XXX included."""
    code = text.upper()
    if code not in _KNOWN:
        raise Refused("unknown_currency", "currency")
    places: int = get_currency_precision(code)  # babel's own word is Any
    return code, places


def digits(code: str) -> int:
    """Decimals of a currency's unit: 2 for EUR, 0 for JPY, 3 for KWD, 9 for EUR9. The one place everybody asks."""
    return FINE if is_fine(code) else currency(code)[1]


def is_fine(code: str) -> bool:
    """Whether amounts of it are in units of 10^-9."""
    return len(code) == 4


def iso(code: str) -> str:
    """The currency itself, whatever its unit."""
    return code[:3]


def fine(code: str) -> str:
    """The same currency in units of 10^-9."""
    return f"{iso(code)}{FINE}"


def decimals(value: Decimal) -> int:
    """How many decimals a number has, zeros at its end left out."""
    _, figures, exponent = value.as_tuple()
    if not value or not isinstance(exponent, int):
        return 0
    if exponent >= 0:
        return 0
    zeros = len(figures) - len("".join(map(str, figures)).rstrip("0"))
    return max(0, -exponent - zeros)


def decimal(value: object, field: str, raw: bytes, exact: Callable[[], Any]) -> Decimal:
    """The number as it was written. ``exact`` reads the data again; called only for very long numbers."""
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
    """A rate or a target as plain decimal text (no exponent), zero or in [10^-magnitude, 10^magnitude].

    Refused amount_range beyond it, negative_amount when it is below zero and not ``signed``.
    """
    number = decimal(value, field, raw, exact)
    if number < 0 and not signed:
        raise Refused("negative_amount", field)
    if number and not Decimal(1).scaleb(-magnitude) <= abs(number) <= Decimal(1).scaleb(magnitude):
        raise Refused("amount_range", field)
    return format(number, "f")
