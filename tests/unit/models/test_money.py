"""Money is exact or refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import money
from models.record import RawRecord
from models.refused import Refused
from models.validate import validate


def _amount(text: str, currency: str = "EUR") -> Any:
    """The amount in the row, or the reason it was refused; ``text`` goes into the JSON as it is."""
    value = f'{{"type":"crm.order.completed","data":{{"order_id":"o","currency":"{currency}","amount":{text}}}}}'
    rows, rejections = validate([RawRecord("t", 0, 0, 1_717_243_200_000, None, value.encode())])
    return rows[0].data["amount"] if rows else rejections[0].reason


@given(st.integers(0, 10**18 - 1), st.booleans())
def test_every_amount_of_cents_survives(cents: int, quoted: bool) -> None:
    """As number or as text, at any size."""
    text = f"{cents // 100}.{cents % 100:02}"
    assert _amount(f'"{text}"' if quoted else text) == cents


@given(st.decimals(min_value=0, max_value=10**12, places=4))
def test_nothing_is_rounded(value: Decimal) -> None:
    """More decimals than the currency has: refused, unless they are zeros."""
    exact = value * 100
    expected = int(exact) if exact == int(exact) else "amount_precision"
    assert _amount(f"{value:f}") == expected


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1e2", 10000),
        ("1.50", 150),
        ("9007199254740993.01", 900719925474099301),
        ("9999999999999999.99", 10**18 - 1),
        ("10000000000000000.00", "amount_range"),
        ("18446744073709551617", "amount_range"),
        ("0.1000000000000000000000001", "amount_precision"),
        ("0.30000000000000004", "amount_precision"),
        ("5e-324", "amount_precision"),
        ('"1e2"', "bad_amount"),
        ('" 1"', "bad_amount"),
        ('"١"', "bad_amount"),
        ('"-1"', "negative_amount"),
        ('"-0.00"', 0),
        ("[1]", "wrong_type"),
    ],
)
def test_amounts_at_the_edges(text: str, result: object) -> None:
    """What a double would have hidden."""
    assert _amount(text) == result


def test_decimals_follow_the_currency() -> None:
    """One place to ask."""
    assert [money.digits(code) for code in ("EUR", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert _amount("1.5", "JPY") == "amount_precision"
    with pytest.raises(Refused):
        money.digits("XXX")
