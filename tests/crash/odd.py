"""Records that no simulated company sends: poison, a record for the broker's disk to damage, subjects to be erased."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

import orjson

from bench.check import Item
from bench.workload import Made, rfc3339
from models.record import Refusal, Row

POISON: Final = "crm.test.poisoned"
CORRUPT: Final = "corrupt-"  # begins the ids of events that the broker's disk damages
PAGES: Final = "crm.touchpoints.pages.v1"
HOUR: Final = 3_600_000
Fact = tuple[str, dict[str, Any]]


def event(type_: str, key: str, tenant: str, time: int, partition: int, **data: Any) -> Made:
    """A record of the pages topic, whatever its type: accept minds the type, not the topic."""
    body = {"id": key, "source": "/crash", "type": type_, "time": rfc3339(time), "tenantid": tenant, "data": data}
    return Made(PAGES, partition, key.encode(), orjson.dumps(body))


def poison(rng: Random, tenants: list[str], partitions: int, time: int) -> list[Made]:
    """Nine valid events of a type that the engine fails at, of three companies, among events that it counts."""
    made = []
    for number in range(9):
        key, tenant, partition = f"{rng.random():.12f}-{number}", rng.choice(tenants), rng.randrange(partitions)
        visitor = {"anonymous_id": f"v-{key}", "url": "https://a.example/"}
        made.append(event("crm.page.viewed", f"before-{key}", tenant, time, partition, **visitor))
        made.append(event(POISON, f"poison-{key}", tenant, time, partition, **visitor))
        made.append(event("crm.page.viewed", f"after-{key}", tenant, time, partition, **visitor))
    return made


def erasures(rng: Random, tenant: str, partitions: int, now: int) -> list[Made]:
    """Two subjects' facts, a request for each, and what is told of them afterwards, from before and after the request.

    Nobody else has their ids and all of it goes to one partition, so it does not matter how partitions interleave.
    """
    partition, name = rng.randrange(partitions), f"{rng.random():.12f}"
    made = []
    for mode in ("forget", "unpick"):
        who = f"{mode}-{name}"
        ids = {"customer_id": f"c-{who}"}
        asked = now - HOUR
        for number, (type_, data) in enumerate(_facts(who)):
            made.append(
                event(f"crm.{type_}", f"{who}-{number}", tenant, asked - (20 - number) * HOUR, partition, **data)
            )
        made.append(event("crm.privacy.erasure_requested", f"{who}-ask", tenant, asked, partition, mode=mode, **ids))
        for number, time in enumerate((asked - 2 * HOUR, asked + HOUR // 2)):
            order = {"order_id": f"late-{number}-{who}", "amount": "7.50", "currency": "EUR"}
            made.append(event("crm.order.completed", f"{who}-late-{number}", tenant, time, partition, **ids, **order))
    return made


def _facts(who: str) -> Iterator[Fact]:
    ids = {"customer_id": f"c-{who}"}
    yield "page.viewed", {"anonymous_id": f"a-{who}", "session_id": f"s-{who}", "url": "https://a.example/?gclid=x"}
    yield "identity.identified", {"anonymous_id": f"a-{who}", **ids}
    yield "customer.created", ids
    yield "email.sent", {"message_id": f"m-{who}", "campaign_id": f"k-{who}", **ids}
    yield "email.opened", {"message_id": f"m-{who}", "campaign_id": f"k-{who}", **ids}
    yield "deal.created", {"deal_id": f"d-{who}", "amount": "900.00", "currency": "EUR", **ids}
    yield "deal.won", {"deal_id": f"d-{who}", "amount": "950.00", "currency": "EUR", **ids}
    yield "order.completed", {"order_id": f"o-{who}", "amount": "120.00", "currency": "EUR", **ids}
    yield "subscription.started", {"subscription_id": f"u-{who}", "mrr": "30.00", "currency": "EUR", **ids}
    yield "survey.answered", {"survey_type": "nps", "score": 9, **ids}


def as_counted(items: dict[str, list[Item]]) -> dict[str, list[Item]]:
    """What the inputs hold as it must be counted: without what was skipped, and poison as refused."""
    return {
        tenant: [_refused(item) for item in own if not (isinstance(item, Row) and item.id.startswith(CORRUPT))]
        for tenant, own in items.items()
    }


def _refused(item: Item) -> Item:
    if isinstance(item, Row) and item.type == POISON:
        return Refusal(item.offset, item.received, item.tenant, "engine_error")
    return item
