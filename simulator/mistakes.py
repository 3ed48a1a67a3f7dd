"""Producers' mistakes: unusable records, and repeated or conflicting events."""

from collections.abc import Callable
from random import Random
from typing import Any

import orjson

from simulator.sent import Sent

Body = dict[str, Any]


def _with(**changes: Any) -> Callable[[Body], bytes]:
    def make(body: Body) -> bytes:
        return orjson.dumps({**body, **changes})

    return make


def _data(type_: str, **data: Any) -> Callable[[Body], bytes]:
    return _with(type=type_, data=data)


def _without_type(body: Body) -> bytes:
    return orjson.dumps({k: v for k, v in body.items() if k != "type"})


# Each creates bytes that must become a dead letter, whatever event it starts from.
BROKEN: tuple[Callable[[Body], bytes | None], ...] = (
    lambda body: None,
    lambda body: b"",
    lambda body: b"not json{",
    lambda body: orjson.dumps(body)[:-20],
    lambda body: orjson.dumps(body) * 2,
    lambda body: b"\xff\xfe" + orjson.dumps(body),
    lambda body: orjson.dumps([body, body]),
    lambda body: orjson.dumps("a text"),
    lambda body: orjson.dumps(body)[:-1] + b',"data":{"amount":NaN}}',
    _without_type,
    _with(type="shop.page.viewed"),
    _with(type="crm..viewed"),
    _with(time="2026-11-01T10:00:00"),
    _with(time="2024-02-30T10:00:00Z"),
    _with(time="2199-01-01T00:00:00Z"),
    _with(tenantid="Acme:*"),
    _with(data=[1, 2]),
    _data("crm.page.viewed", anonymous_id="v-x"),
    _data("crm.deal.won", customer_id="c-x"),
    _data("crm.deal.created", deal_id=["d-x"]),
    _data("crm.order.completed", order_id="o-x", customer_id="c-x", amount="-12.00", currency="EUR"),
    _data("crm.order.completed", order_id="o-x", customer_id="c-x", amount="12,50", currency="EUR"),
    _data("crm.order.completed", order_id="o-x", customer_id="c-x", amount="12.50"),
    _data("crm.order.refunded", order_id="o-x", amount=True, currency="EUR"),
    _data("crm.survey.answered", survey_id="s-x", survey_type="nps", score=11),
    _data("crm.survey.answered", survey_id="s-x", survey_type="nps", score=7.5),
    _data("crm.call.ended", direction="sideways", outcome="connected"),
    _data("crm.deal.stage_changed", deal_id="d-x", to_stage="proposal", version="two"),
)


def bad(body: Body, like: Sent, tenant: str, rng: Random) -> Sent:
    """An invalid record. Its key names the tenant, because its content sometimes can't."""
    return Sent(like.topic, like.partition, tenant.encode(), rng.choice(BROKEN)(body), [], like.time_ms)


def changed(body: Body) -> Body:
    """The same identity with different content: a conflict."""
    return {**body, "data": {**body["data"], "traits": {"country": "ZZ", "edited": True}}}
