"""Which answers come before and after one: so that another answer changes only what lies between its neighbours."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.facts.nps import Answer, latest_deltas, nps_class

if TYPE_CHECKING:
    from kpis.tenant import Tenant

MANY: Final = 64  # answers of an id from which on their order is kept
Dated = tuple[int, str, str, str]  # t, source, id, class


class Order:
    """The answers of one id by survey, in their order."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.surveys: dict[str, list[Dated]] = {}
        self._read = 0

    def go_on(self, tenant: "Tenant") -> "Order":
        """Read what came since."""
        for answer in self.answers[self._read :]:
            if (found := _dated(tenant, answer)) is not None:
                insort(self.surveys.setdefault(answer[3], []), found)
        self._read = len(self.answers)
        return self


def _dated(tenant: "Tenant", answer: Answer) -> Dated | None:
    kind = nps_class(answer, tenant.settings)
    return None if kind is None else (answer[0], answer[1], answer[2], kind)


def _others(tenant: "Tenant", raws: Iterable[str], survey: str, own: Dated) -> Iterator[Dated]:
    """The answers of some ids that could be the neighbours of one."""
    for raw in raws:
        held = tenant.answers.get(raw, [])
        if len(held) <= MANY:
            yield from (one for answer in held if answer[3] == survey and (one := _dated(tenant, answer)) is not None)
            continue
        order = tenant.answer_orders.get(raw)
        if order is None or order.answers is not held:
            order = tenant.answer_orders[raw] = Order(held)
        dated = order.go_on(tenant).surveys.get(survey, [])
        at = bisect_left(dated, own)
        yield from dated[max(at - 1, 0) : at + 1]


def one_more(tenant: "Tenant", person: str, answer: Answer) -> Iterator[tuple[Delta, int]]:
    """(change, sign) that another answer of a person makes, before it is kept; see `answer_deltas`."""
    own = _dated(tenant, answer)
    if own is None:
        return
    others = list(_others(tenant, tenant.people.own_raws(person), answer[3], own))
    before = max((one for one in others if one < own), default=None)
    following: Any = min((one for one in others if one > own), default=(FOREVER,))
    yield Delta(f"nps_all.{own[3]}", own[0], 1), 1
    for delta in latest_deltas(f"nps.{own[3]}", own[0], following[0], tenant.zone):
        yield delta, 1
    if before is not None:
        for sign, until in ((-1, following[0]), (1, own[0])):
            for delta in latest_deltas(f"nps.{before[3]}", before[0], until, tenant.zone):
                yield delta, sign
