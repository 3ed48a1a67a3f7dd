"""An event rebuilt from its journal row has the same meaning."""

import orjson
import pytest

from models.reconstructed import reconstructed
from models.record import RawRecord, Row
from models.validate import validate

EVENT = {"id": "e1", "source": "/s", "time": "2026-11-01T10:00:00.250Z", "tenantid": "acme"}
ORDER = {"order_id": "o1", "amount": "12.50", "tax": 2.5, "currency": "EUR", "customer_id": "c1"}


def row_of(value: bytes) -> Row:
    """As `accept` makes it."""
    (row,), rejected = validate([RawRecord("crm.revenue.v1", 0, 7, 1_793_527_201_000, None, value)])
    assert not rejected
    return row


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("crm.order.completed", ORDER),
        ("crm.order.completed", {**ORDER, "amount": 1000, "currency": "JPY", "tax": 1}),
        ("crm.deal.won", {"deal_id": "d", "closed_at": "2026-10-31T12:00:00Z", "amount": 5, "currency": "usd"}),
        ("crm.robot.dreamt", {"amount": 5, "currency": "EUR"}),
    ],
)
def test_it_gives_the_same_row_again(kind: str, data: dict[str, object]) -> None:
    """Times, money and all; only what it said literally may be spelled otherwise."""
    row = row_of(orjson.dumps({**EVENT, "type": kind, "data": data}))

    assert row_of(reconstructed(row))._replace(content=row.content) == row


def test_a_derived_id_is_not_made_up() -> None:
    """The event had none."""
    event = {key: value for key, value in EVENT.items() if key != "id"}
    row = row_of(orjson.dumps({**event, "type": "crm.order.completed", "data": ORDER}))

    assert "id" not in orjson.loads(reconstructed(row))
