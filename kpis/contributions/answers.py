"""What one more survey answer changes: only what lies between its neighbours."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.facts.answer_order import AnswerOrder, Dated, dated
from kpis.facts.nps import Answer, latest_deltas
from kpis.tenant.facts import TenantFacts

MANY: Final = 64  # answers of an id from which on their order is kept


def _others(tenant: TenantFacts, raws: Iterable[str], survey: str, own: Dated) -> Iterator[Dated]:
    """The answers of some ids that could be the neighbours of one."""
    for raw in raws:
        held = tenant.answers.get(raw, [])
        if len(held) <= MANY:
            yield from (
                one
                for answer in held
                if answer.survey == survey and (one := dated(answer, tenant.settings)) is not None
            )
            continue
        order = tenant.answer_orders.get(raw)
        if order is None or order.answers is not held:
            order = tenant.answer_orders[raw] = AnswerOrder(held)
        found = order.go_on(tenant.settings).surveys.get(survey, [])
        at = bisect_left(found, own)
        yield from found[max(at - 1, 0) : at + 1]


def one_more(tenant: TenantFacts, person: str, answer: Answer) -> Iterator[tuple[Delta, int]]:
    """(change, sign) that another answer of a person makes, before it is kept; see `answer_deltas`."""
    own = dated(answer, tenant.settings)
    if own is None:
        return
    others = list(_others(tenant, tenant.people.own_raws(person), answer.survey, own))
    before = max((one for one in others if one < own), default=None)
    following = min((one.time for one in others if one > own), default=FOREVER)
    yield Delta(f"nps_all.{own.nps_class}", own.time, 1), 1
    for delta in latest_deltas(f"nps.{own.nps_class}", own.time, following, tenant.zone):
        yield delta, 1
    if before is not None:
        for sign, until in ((-1, following), (1, own.time)):
            for delta in latest_deltas(f"nps.{before.nps_class}", before.time, until, tenant.zone):
                yield delta, sign
