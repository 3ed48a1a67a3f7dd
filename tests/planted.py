"""Events with something unmistakable in every field that takes text: what erasure must leave nothing of."""

from collections.abc import Iterator
from typing import Any, Final, get_type_hints

from models.events import SHAPES
from tests.unit.models.examples import BY_RULE, EXAMPLES

PLANTED: Final = "planted7q"
MAIL: Final = f"{PLANTED}@mail.example"
REQUEST: Final = "crm.privacy.erasure_requested"
# Business values, which numbers fall in, and references of business records: these stay where counts stay.
KEPT: Final = frozenset({
    "deal_id", "order_id", "subscription_id", "contract_id", "ticket_id", "record_id", "into_deal_id", "into_record_id",
    "owner_id", "source", "stage", "to_stage", "from_stage", "pipeline", "network", "model", "object", "form_id",
    "survey_id", "currency", "campaign", "channel", "version", "segment",
})  # fmt: skip
IDS: Final[dict[str, str]] = {
    name: f"{PLANTED}-{name}" for name in ("customer_id", "lead_id", "user_id", "anonymous_id", "contact_id")
}
COMPARED: Final = ("message_id", "click_id", "session_id", "recipient_hash", "email_hash", "phone_hash")
FREE: Final[dict[str, Any]] = {
    "url": f"https://{PLANTED}.example/pricing?mail={MAIL}#{PLANTED}",
    "path": f"/unsubscribe/{MAIL}",
    "link_url": f"/go?to={MAIL}",
    "referrer": f"https://www.google.fi/?q={PLANTED}",
    "traits": {"country": "FI", "tier": "gold", "email": MAIL, "name": PLANTED, "phone": f"+358 {PLANTED}"},
    "campaign": {"name": "spring", "source": "google", "term": PLANTED, "content": PLANTED},
    "user_agent": f"Mozilla/5.0 {PLANTED}",
    "comment": f"call me, {PLANTED}",
    "nobody_knows_this_field": PLANTED,
    "items": [{"name": PLANTED}],
}


def told(type_: str) -> dict[str, Any]:
    """Data of an event of this type with something planted in every field that takes text; of any for a new type."""
    if type_ not in SHAPES:
        return {**FREE, **IDS, "anything": PLANTED}
    data: dict[str, Any] = {**FREE, **IDS}
    for name, hint in get_type_hints(SHAPES[type_]).items():
        if name not in KEPT and name not in data and "str" in repr(hint) and "Literal" not in repr(hint):
            data[name] = f"{PLANTED}-{name}"
    data |= {k: v for k, v in (EXAMPLES | BY_RULE)[type_].items() if k not in data or k not in IDS}
    data |= {name: f"{PLANTED}-{name}" for name in COMPARED}
    if "winner_id" in data:
        data |= {"winner_id": IDS["customer_id"], "loser_ids": [f"{PLANTED}-loser", f"lead:{IDS['lead_id']}"]}
    return data | {k: v for k, v in FREE.items() if k in ("url", "path", "link_url")}


def ways(type_: str) -> Iterator[dict[str, Any]]:
    """The data of an event of this type: with all ids, and with each alone."""
    data = told(type_)
    yield data
    needed = IDS.keys() & (EXAMPLES | BY_RULE).get(type_, {}).keys()
    for name in IDS:
        yield {field: value for field, value in data.items() if field not in IDS or field in {name, *needed}}
