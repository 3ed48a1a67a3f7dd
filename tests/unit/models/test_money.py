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


def _data(text: str, currency: str = "EUR", tax: str = "null") -> dict[str, Any]:
    """The money in the row."""
    about = f'"order_id":"o","currency":"{currency}","amount":{text},"tax":{tax}'
    record = RawRecord(
        "t", 0, 0, 1_717_243_200_000, None, f'{{"type":"crm.order.completed","data":{{{about}}}}}'.encode()
    )
    return {name: value for name, value in validate([record])[0][0].data.items() if name != "order_id"}


@given(st.integers(0, 10**18 - 1), st.booleans())
def test_every_amount_of_cents_survives(cents: int, quoted: bool) -> None:
    """As number or as text, at any size."""
    text = f"{cents // 100}.{cents % 100:02}"
    assert _amount(f'"{text}"' if quoted else text) == cents


@given(st.decimals(min_value=0, max_value=10**12, places=4))
def test_nothing_is_rounded(value: Decimal) -> None:
    """More decimals than the currency has: all are kept, in another unit, unless they are zeros."""
    exact = value * 100
    small = value * 10**9
    expected = int(exact) if exact == int(exact) else int(small) if small < 10**18 else "amount_range"
    assert _amount(f"{value:f}") == expected


def test_amounts_of_one_event_are_in_one_unit() -> None:
    """A twelfth of a yearly price, with its tax in whole cents; millionths of a yen; zeros are no parts."""
    assert _data('"8.333333333"', tax='"1.50"') == {"amount": 8_333_333_333, "tax": 1_500_000_000, "currency": "EUR9"}
    assert _data('"0.0000012"', "JPY") == {"amount": 1_200, "currency": "JPY9"}
    assert _data('"8.330000000"') == {"amount": 833, "currency": "EUR"}
    assert _amount('"0.0000000001"') == "amount_precision"
    assert _amount('"1"', "EUR9") == "unknown_currency"


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
    assert [money.digits(code) for code in ("EUR", "JPY", "KWD", "CLF", "JPY9")] == [2, 0, 3, 4, 9]
    assert _amount("1.5", "JPY") == 1_500_000_000
    with pytest.raises(Refused):
        money.digits("XXX")
