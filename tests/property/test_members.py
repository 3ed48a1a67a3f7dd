"""The members of a number add up to it, whatever happened and however it was told."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from kpis.engine import Engine
from kpis.formulas.common import Figure
from kpis.publish.documents import Board
from kpis.query.counting import Counted, Counting
from kpis.query.describe import described
from kpis.query.question import BY_ID, Question, Refused
from kpis.query.readings import can_list
from kpis.slices import finish
from kpis.state.tenant_state import TenantState
from models.settings import TenantBook
from recount.windows import DAY
from tests.feed import Feed, ms
from tests.property.events import BASE, THEMES, ends, stories
from tests.property.examples import EXAMPLES, settings_of
from tests.property.lanes import Lane, World, arrivals, worlds
from tests.property.test_examples import give

often = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
EACH = 40  # documents of an example
# Most stories lie in the weeks before the last of these instants: there and in long windows there is most to see.
instants = st.one_of(ends, st.just(BASE + 31 * DAY), st.just(BASE + 2 * DAY + 7))
windows = st.one_of(st.sampled_from(WINDOWS), st.sampled_from(("all", "365d", "90d")))


@pytest.mark.parametrize("theme", range(len(THEMES)))
@settings(often, max_examples=6)
@given(st.data(), instants, windows)
def test_members_add_up_in_every_theme(theme: int, data: st.DataObject, as_of: int, window: str) -> None:
    """Stories of one theme, so that its KPIs have numbers."""
    check(data, data.draw(worlds(14, story=stories_of(theme))), as_of, window)


@often
@given(st.data(), worlds(), instants, windows)
def test_members_add_up(data: st.DataObject, world: World, as_of: int, window: str) -> None:
    """Sums of n and numerator over all members are those of the document: totals, segments, steps."""
    check(data, world, as_of, window)


@pytest.mark.parametrize("name", EXAMPLES)
def test_members_of_every_example_add_up(name: str) -> None:
    """All documents of the window it states, and of all time; segments, too."""
    engine, feed, told = Engine(TenantBook(settings_of(name))), Feed(), 0
    for stage in EXAMPLES[name]:
        stage.tell(feed)
        give(engine, "t", feed.items[told:], told)
        told = len(feed.items)
        for window in (stage.window, "all"):
            state = engine.state("t")
            for document in chosen(state, ms(stage.as_of), window, 0, most=1 << 30):
                compare(state, ms(stage.as_of), document)
        assert engine.recount("t") == []


def stories_of(theme: int) -> Any:
    """Stories of one theme and of links."""
    return stories(14, (theme,))


def check(data: st.DataObject, world: World, as_of: int, window: str) -> None:
    """Some documents of each tenant against their members."""
    lane = Lane().take(data.draw(arrivals(world)))
    seed = data.draw(st.integers(0, 1 << 30))
    before = {tenant: lane.cells(tenant) for tenant in lane.engine.tenants()}
    for tenant in list(lane.engine.tenants()):
        state = lane.engine.state(tenant)
        for document in chosen(state, as_of, window, seed):
            compare(state, as_of, document)
        assert lane.engine.recount(tenant) == []
    assert {tenant: lane.cells(tenant) for tenant in lane.engine.tenants()} == before


def compare(state: TenantState, as_of: int, document: dict[str, Any]) -> None:
    """One document against its members."""
    question = Question(state, as_of, document["kpi"], document["window"], document["segment"])
    assert question.document() == document
    try:
        members = everyone(question)
    except Refused:
        assert not can_list(question.kpi)
        return
    assert sums(question, members) == (document["n"], document["numerator"]), (document, members)
    assert len({one.member for one, _ in members}) == len(members)
    for one, _ in members[:5]:
        assert described(state, one.member, one.at)["kind"]


def chosen(state: TenantState, as_of: int, window: str, seed: int, most: int = EACH) -> Iterator[dict[str, Any]]:
    """Some documents that say something, another choice for each seed."""
    board = Board(state, as_of)
    found = [
        document
        for kpi in BY_ID.values()
        for document in board.documents(kpi)
        if document["window"] == window and (document["n"] or float(document["numerator"] or 0))
    ]
    step = max(1, len(found) // most)
    return iter(found[seed % step :: step])


def everyone(question: Question) -> list[tuple[Counted, Figure]]:
    """All members."""
    counting = Counting(question)
    finish(counting.run())
    return list(counting.figures(counting.found))


def sums(question: Question, members: list[tuple[Counted, Figure]]) -> tuple[int, Any]:
    """n and numerator of all members, as documents print them; no numerator where the document has none."""
    assert [one.n for one, _ in members] == [figure.n for _, figure in members]
    n = sum(figure.n for _, figure in members)
    numerator = sum((figure.numerator or 0 for _, figure in members), Fraction(0))
    told = question.document()["numerator"]
    if told is None:
        return n, None
    if isinstance(told, float):
        return n, pytest.approx(float(numerator))
    return n, question.board.printed(Fraction(numerator), question.kpi.sides[0])
