"""The members behind a number: deals, customers, messages …, which add up to it.

Each is what the KPI's formula says of its rows alone; those that add nothing are left out. What is asked for again and
again costs the same each time: nothing of it is kept.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple, cast

from kpis.catalog.inputs import INPUTS
from kpis.cells.cells import Cells
from kpis.facts.stages import StayAges
from kpis.formulas.common import Figure, Number
from kpis.formulas.view import Tables, View
from kpis.query.describe import described
from kpis.query.member_cells import MemberCells, Reach
from kpis.query.question import Question, Refused
from kpis.query.readings import LISTED, WHOLE, reading
from kpis.query.rows import Gathered, Held, Member, Wanted
from kpis.tenant.readings import deal_stays

FIGURE: Final = 25  # units of work
MOST: Final = 1000  # members of an answer
ORDERS: Final = ("newest", "oldest", "largest")


class Counted(NamedTuple):
    """A member with what it counts for. ``at``: minute of what it counts by; None: nobody knows."""

    member: Member
    figure: Figure
    at: int | None


def members(
    question: Question, limit: Any = 100, offset: Any = 0, order: Any = "newest"
) -> Generator[int, None, dict[str, Any]]:
    """The answer, with so many members from an offset on. Raises `Refused`."""
    first, last, order = _page(limit, offset, order)
    found = yield from counted(question)
    _sort(found, order)
    document, board = question.document(), question.board
    return {
        "kpi": question.kpi.id,
        "window": question.window.name,
        "segment": question.segment,
        **{name: document[name] for name in ("as_of", "start", "end", "value", "unit", "numerator", "n")},
        **({"currency": document["currency"]} if "currency" in document else {}),
        "total": len(found),
        "exact": True,
        "order": order,
        "members": [_told(question, board.printed, one) for one in found[first:last]],
    }


def counted(question: Question) -> Generator[int, None, list[Counted]]:
    """Every member with what it counts for; n and numerators add up to the document's."""
    formula = reading(question)
    if question.kpi.id in LISTED:
        return list(_spenders(question))
    kpi, tenant = question.kpi, question.state.tenant
    wanted = Wanted(kpi, question.window, None if kpi.id in WHOLE else frozenset(question.segments))
    gathered = Gathered(tenant, wanted)
    yield from gathered.gather()
    reach = Reach(tenant.cells, tenant.sets)
    found: list[Counted] = []
    for member, held in gathered.members.items():
        figure = formula(_view(question, reach, member, held))
        if figure.n or figure.numerator or figure.denominator or figure.unpriced:
            found.append(Counted(member, figure, _when(question, held)))
        yield FIGURE
    tenant.forget_read()
    return found


def _view(question: Question, reach: Reach, member: Member, held: Held) -> View:
    """What formulas read of one member."""
    tables = question.tables
    own = replace(
        tables, cells=cast(Cells, MemberCells(reach, held)), sums=defaultdict(lambda: defaultdict(dict)),
        ages=_ages(question, member, tables),
    )  # fmt: skip
    return View(own, question.window, question.segments)


def _ages(question: Question, member: Member, tables: Tables) -> StayAges | None:
    """How long a deal has been in its stage."""
    if "stay_open" not in INPUTS[question.kpi.id].bases or tables.ages is None:
        return None
    tenant = question.state.tenant
    found = StayAges(lambda key: deal_stays(tenant, key))
    found.changed.add(member[1])
    return found


def _when(question: Question, held: Held) -> int | None:
    """The newest minute in the window at which a member changed something; else the newest before its end."""
    start, end = question.window.start, question.window.end
    before = [at for rows in held.values() for at, _, _ in rows if at < end]
    inside = [at for at in before if start is None or at >= start]
    return max(inside or before, default=None)


def _spenders(question: Question) -> Iterator[Counted]:
    """Customers by what they spent: of an RFM segment, or of a median."""
    table, segments = question.view.spenders, question.segments
    if question.kpi.vector is None:
        for root, since, unpriced in table.customers(question.window, segments):
            yield Counted(("customer", root), Figure(None, None, None, 1, unpriced), since)
        return
    name = question.segment.get(question.kpi.vector.key)
    if name is None:
        raise Refused(f"{question.kpi.id} has no total: ask for one {question.kpi.vector.key}, as in its documents")
    for root, unpriced in table.members(question.window.end, name):
        yield Counted(("customer", root), Figure(1, 1, None, 1, unpriced), None)


def _page(limit: Any, offset: Any, order: Any) -> tuple[int, int, str]:
    whole = all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in (limit, offset))
    if not whole or limit > MOST:
        raise Refused(f"limit and offset must be whole numbers, limit at most {MOST}")
    if order not in ORDERS:
        raise Refused(f"unknown order {order!r}: use one of {', '.join(ORDERS)}")
    return offset, offset + limit, order


def _sort(found: list[Counted], order: str) -> None:
    """Equal ones by kind and id, so that pages do not overlap."""
    found.sort(key=lambda one: one.member)
    if order == "largest":
        found.sort(key=lambda one: (_size(one.figure.numerator), one.figure.n), reverse=True)
    else:
        never = 1 << 60
        newest = order == "newest"
        found.sort(key=lambda one: (-never if newest else never) if one.at is None else one.at, reverse=newest)


def _size(number: Number) -> float:
    return 0.0 if number is None else abs(float(number))


def _told(question: Question, printed: Callable[[Any, bool], Any], one: Counted) -> dict[str, Any]:
    figure, kpi = one.figure, question.kpi
    found = described(question.state, one.member, one.at)
    found |= {"n": figure.n, "numerator": printed(figure.numerator, kpi.sides[0])}
    if figure.unpriced:
        found["unpriced"] = figure.unpriced
    if figure.open:
        found["open"] = figure.open
    return found
