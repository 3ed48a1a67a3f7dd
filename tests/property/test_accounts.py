"""Where customers are accounts, the same properties hold."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from models.settings import TenantBook
from tests.property.events import ends
from tests.property.lanes import Lane, Seen, World, arrivals, differences, in_order, worlds
from tests.property.test_engine import variant, windows

ACCOUNTS: Final = TenantBook.from_mapping(
    {"tenant": {"customer_is": "account", "email_rates_basis": "period", "dimensions": ["tier"], "low_n": 2}}
)


@variant
@given(st.data(), worlds(), ends, windows)
def test_persons_of_accounts_are_counted_as_the_recount_does(
    data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """Cells are what the facts contribute, documents what a naive recount says; order and restarts change nothing."""
    arrived = data.draw(arrivals(world))
    at, seed = data.draw(st.integers(0, len(arrived))), data.draw(st.integers(0, 9))
    lane = Lane(ACCOUNTS).take(arrived[:at])
    lane.restart(seed)
    lane.take(arrived[at:])
    assert differences(lane, arrived, as_of, looked_at) == []
    other = Lane(ACCOUNTS).take(in_order(world))
    assert Seen.of(lane, as_of, looked_at) == Seen.of(other, as_of, looked_at)
