"""Every measure is declared once: what the examples contribute and formulas read has a row, and every row occurs."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import pytest

from kpis.calendar.windows import window
from kpis.catalog import CATALOG
from kpis.catalog.inputs import INPUTS
from kpis.cells import cells as kept_in
from kpis.cells.cells import MEASURE_MASK, MINUTE_BITS, Cells, Rows
from kpis.cells.declared import DECLARED, TABLES, Measure
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.cells.measures import MEASURE_BITS, NAMES, Names, UndeclaredMeasure, declared, input_of
from kpis.cells.segments import EVERYTHING, Segments
from kpis.engine import Engine
from kpis.formulas import common as f
from kpis.formulas.view import BESIDE, Inputs, Tables, View
from kpis.intake.kinds import GROUPS
from kpis.publish.documents import Board
from kpis.tenant.tenant import Tenant
from models.record import BOT
from models.settings import TenantBook
from tests.feed import Feed, ms
from tests.property.examples import EXAMPLES, settings_of
from tests.property.test_examples import give

# Settings that choose other measures than the defaults.
LATER: Final = {
    "email_rates_basis": "period", "lead_to_opportunity_basis": "cohort", "qualified_stages": ("Proposal",),
}  # fmt: skip
OLD: Final = frozenset({"priced"})  # only states of releases before have it
LOSSES: Final = {declared("lost@30d"), declared("lost_bought@30d")}
SELDOM: Final = {"time_to_purchase_days_censored": {"ttp"}}  # read of who was touched before the days that are kept
NOT_READ: Final = frozenset({"cycle_days.lost", "cycles.lost"})
DIMENSIONS: Final = {
    "none": set[str](),
    "acquisition": {"channel"},
    "marketing": {"channel", "campaign"},
    "source": {"source"},
    "stage": {"stage"},
    "page": {"page"},
}


class Told:
    """What the examples say of measures: rows, their dimensions, and what documents read."""

    def __init__(self) -> None:
        self.dimensions: defaultdict[Measure, set[str]] = defaultdict(set)
        self.undeclared: set[str] = set()
        self.groups: defaultdict[Measure, set[str]] = defaultdict(set)
        self.read: defaultdict[str, set[str]] = defaultdict(set)

    def check(self, inputs: Inputs, measure: str, window: str, bucket: str | None) -> None:
        """In place of the check of a formula's inputs."""
        name = measure if measure in inputs.names else input_of(measure, window, bucket)
        if name not in BESIDE or name in inputs.names:
            self.read[inputs.kpi].add(name)

    def check_base(self, inputs: Inputs, base: str) -> None:
        """The same."""
        self.read[inputs.kpi].add(base)

    def watched(self, kind: str, of: Callable[[Tenant, str], Contribution]) -> Callable[[Tenant, str], Contribution]:
        """The same contribution, noted."""

        def contribution(tenant: Tenant, key: str) -> Iterator[tuple[int, Delta]]:
            for code, delta in of(tenant, key):
                self.groups[declared(delta.measure)].add(kind)
                yield code, delta

        return contribution

    def note(self, rows: Rows, segments: Segments, names: Names) -> None:
        for head in {key >> MINUTE_BITS for key in rows}:
            name = names.name(head & MEASURE_MASK)
            try:
                found = self.dimensions[declared(name)]
            except UndeclaredMeasure:
                self.undeclared.add(name)
                continue
            found |= {one.partition("=")[0] for one in segments.sets[head >> MEASURE_BITS]} - {EVERYTHING}


def rare(feed: Feed) -> None:
    """What no example tells."""
    at, before, bot = "2026-06-10T10:00:00Z", "2026-06-09T10:00:00Z", {"flags": BOT, "customer_id": "c"}
    for outcome in ("won", "lost"):
        feed.add("deal.created", at, deal_id=outcome, amount=100, currency="EUR")
        feed.add(f"deal.{outcome}", at, deal_id=outcome, closed_at=ms(before))
    feed.add("deal.stage_changed", at, deal_id="undated", to_stage="Proposal", amount=100, currency="EUR")
    feed.add("ticket.opened", at, ticket_id="t", customer_id="c")
    feed.add("ticket.resolved", before, ticket_id="t", customer_id="c")
    feed.add("order.completed", before, order_id="o", customer_id="c", amount=100, currency="EUR")
    feed.add("deal.won", before, deal_id="d", customer_id="c", closed_at=ms(before))
    feed.add("page.viewed", at, customer_id="c", source="ads", path="/", received="2026-06-11")
    feed.add("form.submitted", at, customer_id="c", form_id="f", received="2026-06-11")
    named: dict[str, Any] = {"customer_id": "c", "deal_id": "won"}
    feed.add("call.ended", at, direction="inbound", outcome="connected", received="2026-06-11", **named)
    feed.add("cost.recorded", at, cost_id="k", purpose="marketing", channel="ads", amount=1, currency="EUR",
             received="2026-06-11")  # fmt: skip
    feed.add("order.completed", at, order_id="late", customer_id="late", amount=100, currency="EUR",
             received="2026-06-11")  # fmt: skip
    for day, kind, mrr in (("2025-03-01", "started", 100), ("2026-05-01", "changed", 300)):
        feed.add(f"subscription.{kind}", day, subscription_id="s", customer_id="old", mrr=mrr, currency="EUR")
    about: dict[str, Any] = {"survey_id": "s", "survey_type": "csat", "score": 4, "customer_id": "c"}
    feed.add("survey.answered", at, received="2026-06-11", **about)
    for flags in ({"customer_id": "c"}, bot):
        for outcome in ("connected", "missed"):
            feed.add("call.ended", at, direction="inbound", outcome=outcome, **flags)
        for kind in ("bounced", "delivered", "opened", "clicked", "unsubscribed"):
            feed.add(f"email.{kind}", at, message_id="m", **flags)
        for kind in ("chat.messaged", "meeting.held", "form.submitted", "social.liked"):
            feed.add(kind, at, direction="inbound", form_id="f", **flags)


def example(name: str, feed: Feed) -> None:
    """All stages of an example."""
    for stage in EXAMPLES[name]:
        stage.tell(feed)


STORIES: Final[dict[str, Callable[[Feed], object]]] = {
    "rare": rare,
    **{name: partial(example, name) for name in EXAMPLES},
}


@pytest.fixture(scope="module")
def told() -> Told:
    """Every example counted and read, under its own settings and under `LATER`."""
    found, apply = Told(), Cells.apply
    with pytest.MonkeyPatch.context() as patch:

        def applied(cells: Cells, rows: Rows, segments: Segments, names: Names = NAMES) -> None:
            found.note(rows, segments, names)
            apply(cells, rows, segments, names)

        patch.setattr(kept_in.Cells, "apply", applied)
        patch.setattr(Inputs, "check", lambda *read: found.check(*read))
        patch.setattr(Inputs, "check_base", lambda *read: found.check_base(*read))
        for kind, of in GROUPS.items():
            patch.setitem(GROUPS, kind, found.watched(kind, of))
        for name, tell in STORIES.items():
            as_of = ms(EXAMPLES[name][-1].as_of if name in EXAMPLES else "2026-06-20")
            for changed in ({}, LATER):
                engine, feed = Engine(TenantBook(settings_of(name).model_copy(update=changed))), Feed()
                tell(feed)
                give(engine, "t", feed.items, 0)
                assert engine.recount("t") == []  # every group contributes
                board = Board(engine.state("t"), as_of)
                for kpi in CATALOG:
                    list(board.documents(kpi))
    return found


def test_what_facts_contribute_is_declared_and_what_is_declared_occurs(told: Told) -> None:
    """A misspelt name is in one of the two lists."""
    assert told.undeclared == set()
    assert {one.name for one in DECLARED if one not in told.dimensions} == OLD


def test_inputs_are_what_formulas_read(told: Told) -> None:
    """Of every KPI; another measure is an error when it is read."""
    for kpi in CATALOG:
        assert INPUTS[kpi.id].names - SELDOM.get(kpi.id, set()) == told.read[kpi.id], kpi.id
    assert list(INPUTS) == [kpi.id for kpi in CATALOG]


def test_what_is_declared_is_read_and_inputs_are_declared() -> None:
    """By some formula, or for `late_revised` and `excluded`."""
    read = {base for inputs in INPUTS.values() for base in inputs.bases}
    assert read - TABLES.keys() <= {one.name for one in DECLARED}
    assert {one.name for one in DECLARED if one.by != "type"} - read == NOT_READ


def test_an_input_that_is_not_named_is_refused() -> None:
    """A KPI whose formula reads another measure has no document."""
    inputs = Inputs("win_rate", frozenset({"won"}))
    inputs.check("won", "7d", None)
    with pytest.raises(LookupError, match=r"win_rate reads lost: name it in kpis/catalog/inputs\.py"):
        inputs.check("lost", "7d", None)
    with pytest.raises(LookupError, match="win_rate reads lost@week: name it"):
        inputs.check("lost@week", "month", "month")


def test_measures_fall_in_the_segments_of_their_grain(told: Told) -> None:
    """Those of subjects, deals and touches have many dimensions; a survey's have its scale."""
    for measure, found in told.dimensions.items():
        if measure.grain in DIMENSIONS:
            assert found <= DIMENSIONS[measure.grain], measure
        assert ("scale" in found) == (measure.grain == "survey"), measure


def test_a_row_is_the_only_one_of_its_name() -> None:
    """Of what follows it too: deals ``lost``, and customers ``lost@month``."""
    assert len({(one.name, one.sign) for one in DECLARED}) == len(DECLARED)


def test_groups_are_those_that_contribute(told: Told) -> None:
    """No other kind of group contributes a measure, and each does; the rest comes without a group.

    Losses of customers are worked out together, when a batch ends.
    """
    every = {group for one in DECLARED for group in one.groups}
    assert every == {*GROUPS, "touch", "presence", "stream"}
    for measure in DECLARED:
        if measure.name not in OLD and measure not in LOSSES:
            assert told.groups[measure] == GROUPS.keys() & measure.groups, measure


@pytest.mark.parametrize(
    "make",
    [
        lambda: f.flow("wonn"),
        lambda: f.level("lost@week"[:-1]),
        lambda: f.marked("won"),
        lambda: f.money("orders"),
        lambda: declared("won@7d"),
        lambda: declared("visitors"),
        lambda: declared("orders#:EUR"),
    ],
)
def test_a_misspelt_name_is_refused(make: Callable[[], object]) -> None:
    """When the catalogue is made; also one that goes on otherwise than its row says."""
    with pytest.raises(UndeclaredMeasure, match="declare this measure"):
        make()


def test_a_misspelt_name_is_refused_where_facts_contribute_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where a formula spells it itself."""
    engine, feed = Engine(TenantBook()), Feed()
    feed.add("order.completed", "2026-06-10", order_id="o", customer_id="c", amount=100, currency="EUR")
    give(engine, "t", feed.items, 0)
    tenant = engine.state("t").tenant
    tables, at = Tables(tenant.cells, tenant.rates, tenant.settings), window("7d", ms("2026-06-12"), tenant.zone)
    view = View(tables, at, ("",), Inputs("x", frozenset()))
    for read in (view.flow, view.level, view.marked, view.money, view.values, view.suffixes):
        with pytest.raises(UndeclaredMeasure, match="order_"):
            read("order_")
    monkeypatch.setitem(GROUPS, "order", lambda tenant, key: [(0, Delta("order_", 0, len(tenant.orders)))])
    with pytest.raises(UndeclaredMeasure, match="order_"):
        give(Engine(TenantBook()), "t", feed.items, 0)
