"""The benchmark's events: 300 bytes of JSON each, five channels, customers with a realistic skew."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

import orjson

CUSTOMERS: Final = 50_000
SPAN_MS: Final = 6 * 3_600_000
DISORDER_MS: Final = 30_000
AS_OF: Final = 1_780_282_800_000  # 3:00 UTC on a Monday that begins a month: events of two days, weeks and months
THREE: Final = ("alder", "birch", "cedar")
ONE: Final = ("solo",)
PARTITIONS: Final = 4
TOPICS: Final = {
    "pages": "crm.touchpoints.pages.v1",
    "email": "crm.touchpoints.email.v1",
    "social": "crm.touchpoints.social.v1",
    "calls": "crm.touchpoints.calls.v1",
    "deals": "crm.touchpoints.deals.v1",
}
_SHARES: Final = {"pages": 40, "email": 35, "social": 10, "calls": 8, "deals": 7}
_MAIL: Final = ("email.sent", "email.delivered", "email.opened", "email.clicked")
_STEPS: Final = ("deal.created", "deal.stage_changed", "deal.won", "deal.lost")
_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Made(NamedTuple):
    """One record to produce."""

    topic: str
    partition: int
    key: bytes
    value: bytes


def events(
    number: int, tenants: Sequence[str], until_ms: int, seed: int = 1, span_ms: int = SPAN_MS, first: int = 0
) -> Iterator[Made]:
    """``number`` events in the ``span_ms`` before ``until_ms`` (ms UTC), in nearly chronological order.

    With ``first`` they continue after that many: sessions, messages and deals are the next ones, customers the same.
    """
    rng = Random(seed)
    channels = rng.choices(list(_SHARES), list(_SHARES.values()), k=min(number, 100_000))
    begin, step = until_ms - span_ms, span_ms / number
    for n in range(number):
        customer = int(CUSTOMERS ** rng.random())  # rank r as likely as 1/r
        channel = channels[n % len(channels)]
        time = min(until_ms - 1, begin + int(n * step + rng.random() * DISORDER_MS))
        key = f"c-{customer}"
        value = orjson.dumps(_event(channel, first + n, tenants[customer % len(tenants)], key, time, rng))
        yield Made(TOPICS[channel], customer % PARTITIONS, key.encode(), value)


def rfc3339(time: int) -> str:
    """``time`` (ms UTC) as producers write it."""
    return (_EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds")


def _event(channel: str, n: int, tenant: str, customer: str, time: int, rng: Random) -> dict[str, Any]:
    type_, data = _DATA[channel](n, rng)
    return {"specversion": "1.0", "id": f"evt-{n:09d}", "source": f"/{channel}/collector", "type": f"crm.{type_}",
            "time": rfc3339(time), "tenantid": tenant, "data": {"customer_id": customer, **data}}  # fmt: skip


def _page(n: int, rng: Random) -> tuple[str, dict[str, Any]]:
    return "page.viewed", {"session_id": f"s-{n // 5}", "url": f"https://shop.example/p/{n % 997}",
                           "user_agent": _AGENT}  # fmt: skip


def _email(n: int, rng: Random) -> tuple[str, dict[str, Any]]:
    """A message's four events are close together; which ones occur is random, so some are orphans."""
    kind = _MAIL[n % 4]
    data = {"message_id": f"m-{n // 9}", "campaign_id": f"k-{n % 23}",
            "campaign": {"source": "newsletter", "name": f"week-{n % 7}"}}  # fmt: skip
    return kind, {**data, "link_url": "https://shop.example/offer"} if kind == "email.clicked" else data


def _social(n: int, rng: Random) -> tuple[str, dict[str, Any]]:
    kind = rng.choice(("liked", "commented", "shared", "impression"))
    return f"social.{kind}", {"network": "linkedin", "post_id": f"p-{n % 311}", "text": "a few words about the product"}


def _call(n: int, rng: Random) -> tuple[str, dict[str, Any]]:
    outcome = rng.choice(("connected", "voicemail", "no_answer", "busy"))
    return "call.ended", {"direction": "outbound", "outcome": outcome, "duration_s": rng.randint(5, 900),
                          "campaign": {"source": "callcentre", "name": f"week-{n % 7}"}}  # fmt: skip


def _deal(n: int, rng: Random) -> tuple[str, dict[str, Any]]:
    """Events of a deal are spread over the run: about four per deal."""
    kind = rng.choice(_STEPS)
    data = {"deal_id": f"d-{n // 57}", "owner_id": f"owner-{n % 17}", "amount": f"{rng.randint(100, 90_000)}.00",
            "currency": "EUR", "pipeline": "new"}  # fmt: skip
    return kind, {**data, "to_stage": "proposal"} if kind == "deal.stage_changed" else data


_DATA: Final = {"pages": _page, "email": _email, "social": _social, "calls": _call, "deals": _deal}
