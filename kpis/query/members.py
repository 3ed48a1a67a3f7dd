"""The members behind a number: the deals, customers, messages … that add up to it."""

from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any, Final

from kpis.formulas.common import Figure
from kpis.publish.documents import Document
from kpis.query.counting import TOGETHER, Counted, Counting
from kpis.query.describe import described
from kpis.query.many_members import NEVER
from kpis.query.question import Question, Refused

MOST: Final = 1000  # members of an answer
ORDERS: Final = ("newest", "oldest", "largest")


def members(
    question: Question, limit: Any = 100, offset: Any = 0, order: Any = "newest"
) -> Generator[int, None, dict[str, Any]]:
    """The answer, with ``limit`` members from ``offset`` on. Raises `Refused`."""
    first, last, order = _page(limit, offset, order)
    counting = Counting(question)
    yield from counting.run()
    found = counting.found
    _sort(found, order)
    document, board = question.document(), question.board
    shown = [_described(question, board.printed, one, figure) for one, figure in counting.figures(found[first:last])]
    rounding = yield from _rounding(question, counting, document)
    return {
        "kpi": question.kpi.id,
        "window": question.window.name,
        "segment": question.segment,
        **{name: document[name] for name in ("as_of", "start", "end", "value", "unit", "numerator", "n")},
        **({"currency": document["currency"]} if "currency" in document else {}),
        **({"rounding": rounding} if rounding else {}),
        "total": len(found),
        "exact": True,
        "order": order,
        "members": shown,
    }


def _rounding(question: Question, counting: Counting, document: Document) -> Generator[int, None, str | None]:
    """The number minus the sum of its members' rounded amounts, where some are converted; None: no difference."""
    if not question.kpi.sides[0] or document["numerator"] is None or counting.ranked:
        return None
    total = Decimal(0)
    for place, (_, figure) in enumerate(counting.figures(counting.found)):
        total += Decimal(question.board.printed(figure.numerator, True) or 0)
        if place % TOGETHER == 0:
            yield 5 * TOGETHER
    found = Decimal(document["numerator"]) - total
    return format(found, "f") if found else None


def _page(limit: Any, offset: Any, order: Any) -> tuple[int, int, str]:
    whole = all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in (limit, offset))
    if not whole or limit > MOST:
        raise Refused(f"limit and offset must be whole numbers, limit at most {MOST}")
    if order not in ORDERS:
        raise Refused(f"unknown order {order!r}: use one of {', '.join(ORDERS)}")
    return offset, offset + limit, order


def _sort(found: list[Counted], order: str) -> None:
    """Sort; ties by kind and id, so that pages do not overlap."""
    found.sort(key=lambda one: one.member)
    if order == "largest":
        found.sort(key=lambda one: (abs(float(one.size or 0)), one.n), reverse=True)
    else:
        unknown = NEVER if order == "newest" else -NEVER
        found.sort(key=lambda one: unknown if one.at is None else one.at, reverse=order == "newest")


def _described(question: Question, printed: Callable[[Any, bool], Any], one: Counted, figure: Figure) -> dict[str, Any]:
    found = described(question.state, one.member, one.at)
    found |= {"n": figure.n, "numerator": printed(figure.numerator, question.kpi.sides[0])}
    if figure.unpriced:
        found["unpriced"] = figure.unpriced
    if figure.open:
        found["open"] = figure.open
    return found
