"""What a further NPS answer changes: only the time between its neighbours."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.facts.answer_order import AnswerOrder, Dated, dated
from kpis.facts.nps import Answer, latest_deltas
from kpis.facts.responses import AnyAnswer
from kpis.tenant.facts import TenantFacts

MANY: Final = 64  # an id with more answers than this keeps their order


def is_resent(tenant: TenantFacts, person: str, answer: AnyAnswer) -> bool:
    """Whether a person's response was also sent earlier or later; if so, all their answers must be recounted."""
    if (response := answer.of_response) is None:
        return False
    raws = tenant.people.own_raws(person)
    if isinstance(answer, Answer):
        return any(response in order.last for order in _orders(tenant, raws))
    return any(response == one.of_response for raw in raws for one in tenant.scores.get(raw, ()))


def one_more(tenant: TenantFacts, person: str, answer: Answer) -> Iterator[tuple[Delta, int]]:
    """(delta, sign) pairs for a person's further answer, before it is stored; see `answer_deltas`.

    The answer must not belong to a response that was sent before.
    """
    own = dated(answer, tenant.settings)
    if own is None:
        return
    before, following = _neighbours(list(_orders(tenant, tenant.people.own_raws(person))), answer.survey, own)
    until = FOREVER if following is None else following.time
    yield Delta(f"nps_all.{own.nps_class}", own.time, 1), 1
    for delta in latest_deltas(f"nps.{own.nps_class}", own.time, until, tenant.zone):
        yield delta, 1
    if before is not None:
        for sign, end in ((-1, until), (1, own.time)):
            for delta in latest_deltas(f"nps.{before.nps_class}", before.time, end, tenant.zone):
                yield delta, sign


def _neighbours(orders: list[AnswerOrder], survey: str, own: Dated) -> tuple[Dated | None, Dated | None]:
    """The answers before and after one, ignoring those that were resent later."""

    def is_latest(one: Dated) -> bool:
        if one.response is None:
            return True
        response = survey, one.response
        return all(order.last.get(response, one.stamp) <= one.stamp for order in orders)

    before: list[Dated] = []
    following: list[Dated] = []
    for order in orders:
        found = order.surveys.get(survey, [])
        at = bisect_left(found, own)
        before += islice(filter(is_latest, map(found.__getitem__, range(at - 1, -1, -1))), 1)
        following += islice(filter(is_latest, map(found.__getitem__, range(at, len(found)))), 1)
    return max(before, default=None), min(following, default=None)


def _orders(tenant: TenantFacts, raws: Iterable[str]) -> Iterator[AnswerOrder]:
    """The answers of some ids in order; for an id with many answers only the new ones are read."""
    for raw in raws:
        held = tenant.answers.get(raw, [])
        order = tenant.answer_orders.get(raw) if len(held) > MANY else None
        if order is None or order.answers is not held:
            order = AnswerOrder(held)
            if len(held) > MANY:
                tenant.answer_orders[raw] = order
        if held:
            yield order.go_on(tenant.settings)
