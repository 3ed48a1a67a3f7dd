"""Names of measures that say a day or a currency are a tenant's own, and do not pile up in the process."""

import pickle
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.calendar.zone import zone
from kpis.cells import cells as kept_in
from kpis.cells import measures
from kpis.cells.cells import Cells
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Ledger
from kpis.cells.measures import NAMES, OWN, OwnNames
from kpis.cells.segments import Segments
from kpis.engine import Engine
from models.record import Row
from models.settings import TenantSettings
from models.tenants import TenantBook
from recount import compare, recount
from tests.feed import Feed, ms

DELTAS = st.lists(
    st.builds(
        Delta,
        st.sampled_from(["won", "net:EUR"]) | st.integers(0, 40).map("open_value:USD:{}".format),
        st.integers(0, 10**13),
        st.integers(-2, 2),
    ),
    max_size=12,
)


@given(st.lists(DELTAS, max_size=6), st.integers(0, 4))
def test_sums_do_not_depend_on_what_is_forgotten(batches: list[list[Delta]], kept: int) -> None:
    """Cells remember which series a code goes to, for as long as it says the same name; others' cells come between."""
    forgetful, plain, between = Cells(zone("UTC")), Cells(zone("UTC")), Cells(zone("UTC"))
    segments, ledger = Segments(), Ledger()
    with pytest.MonkeyPatch.context() as patch:
        for deltas in batches:
            for cells, most in ((forgetful, kept), (between, kept), (plain, 10**9)):
                patch.setattr(kept_in, "KEPT", most)
                ledger.add_deltas(0, deltas)
                cells.apply(ledger.take(), segments, ledger.names)
                assert len(ledger.names.codes) <= most
    assert dict(forgetful.items()) == dict(plain.items()) == dict(between.items())


def orders(weeks: int) -> list[Row]:
    """Dated names by the dozen: cohorts of a customer's weeks, the open pipeline in another currency."""
    feed = Feed()
    for week in range(weeks):
        at = f"20{10 + week // 12}-{week % 12 + 1:02}-03T10:00:00Z"
        feed.add("order.completed", at, customer_id="c", order_id=f"o{week}", amount=100, currency="EUR")
        feed.add("deal.created", at, customer_id="c", deal_id=f"d{week}", amount=100, currency="USD")
    return [row for row in feed.items if isinstance(row, Row)]


def take(engine: Engine, rows: Sequence[Row], tenant: str = "t") -> None:
    """One batch."""
    engine.apply({"topic": "x", "partition": 0, "rows": [list(row) for row in rows], "refused": []}, tenant, 1)
    engine.finish()


def test_what_a_tenant_sends_adds_no_name_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the tenant's own stay few, with the same numbers."""
    monkeypatch.setattr(kept_in, "KEPT", 20)
    before, forgotten = len(NAMES.names), 0
    forget = OwnNames.forget

    def counted(names: OwnNames) -> None:
        nonlocal forgotten
        forgotten += len(names.names)
        forget(names)

    monkeypatch.setattr(OwnNames, "forget", counted)
    engine, rows = Engine(TenantBook()), orders(36)
    for first in range(0, len(rows), 7):
        take(engine, rows[first : first + 7])
    assert len(NAMES.names) == before < OWN
    assert forgotten > 100
    assert engine.recount("t") == []
    as_of = ms("2026-03-10")
    documents = engine.documents("t", as_of, live=False, full=True)
    assert compare(recount(rows, TenantSettings(), as_of), documents) == []


def test_a_packed_tenant_has_no_names() -> None:
    """Nothing holds a code between batches, and an idle tenant is small."""
    names = OwnNames()
    assert names.name(names.code("points:20000")) == "points:20000"
    assert names.code("received") == NAMES.code("received") < OWN
    packed: OwnNames = pickle.loads(pickle.dumps(names))
    assert (packed.names, packed.codes) == ([], {})


def test_more_names_than_a_key_has_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would have run into the segments beside them, and be counted as another measure."""
    monkeypatch.setattr(measures, "MOST", OWN + 3)
    names = OwnNames()
    assert [names.code(f"points:{day}") for day in (1, 2, 3, 2)] == [OWN, OWN + 1, OWN + 2, OWN + 1]
    with pytest.raises(OverflowError):
        names.code("points:4")
