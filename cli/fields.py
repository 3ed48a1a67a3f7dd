"""The kind of each field of an event's data, from the event models: decides how a cell is converted. Pure."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, Literal, get_args, get_type_hints

from pydantic import WithJsonSchema

from models.events import SHAPES
from models.events.common import Common

Kind = Literal["text", "id", "amount", "number", "seconds", "integer", "flag", "instant", "date"]
NUMERIC: Final = frozenset({"amount", "number", "seconds", "integer"})
# Types that occur once per entity: its id is the row's key.
_ENTITY: Final = {
    "deal": "deal_id", "lead": "lead_id", "customer": "customer_id", "order": "order_id", "renewal": "contract_id",
    "subscription": "subscription_id", "ticket": "ticket_id", "cost": "cost_id", "email": "message_id",
    "survey": "response_id",
}  # fmt: skip
_OWN: Final = {"order.refunded": "refund_id", "user.signed_up": "user_id"}
# Types that recur for an entity: its id alone is not a key.
_REPEATED: Final = frozenset(
    f"crm.{name}"
    for name in [
        "deal.stage_changed",
        "deal.updated",
        "deal.reopened",
        "lead.assigned",
        "lead.contacted",
        "customer.updated",
        "customer.churned",
        "customer.reactivated",
        "subscription.changed",
        "subscription.paused",
        "subscription.resumed",
        "subscription.cancel_scheduled",
        "email.opened",
        "email.clicked",
        "renewal.due",
        "renewal.completed",
        "renewal.lost",
    ]
)
# For the others a second event is a second fact, so sending a changed row again would not correct it.
_RESTATED: Final = ("deal", "lead", "customer", "order", "subscription", "cost", "target", "fx", "survey", "renewal")


@cache
def kinds(type_: str) -> dict[str, Kind]:
    """Field -> kind, for a type with or without its ``crm.`` prefix; unlisted fields are text."""
    shape = SHAPES.get(type_) or SHAPES.get(type_.removeprefix("crm.")) or Common
    hints = get_type_hints(shape, include_extras=True)
    return {name: _kind(name, hint) for name, hint in hints.items()}


def natural_key(type_: str) -> str | None:
    """The field that identifies an event of a type, if it occurs once per value; otherwise None."""
    if type_ in _REPEATED:
        return None
    name = type_.removeprefix("crm.")
    return _OWN.get(name) or _ENTITY.get(name.split(".")[0])


def is_restated(type_: str) -> bool:
    """Whether a later event of the same entity replaces an earlier one instead of adding to it."""
    return type_.removeprefix("crm.").split(".")[0] in _RESTATED and type_ != "crm.order.refunded"


def _kind(name: str, hint: Any) -> Kind:
    parts = list(_parts(hint))
    for part in parts:
        if isinstance(part, WithJsonSchema):
            return _of_schema(part.json_schema or {})
    if float in parts:
        return "seconds" if name.endswith("_s") else "number"
    if bool in parts:
        return "flag"
    if int in parts and (str not in parts or name == "version"):
        return "integer"
    return "id" if name.endswith("_id") else "text"


def _of_schema(schema: dict[str, Any]) -> Kind:
    forms = {one.get("format") for one in (schema, *schema.get("anyOf", ()))}
    if "date-time" in forms:  # possibly together with a date
        return "instant"
    if "date" in forms:
        return "date"
    return "amount" if "major units" in str(schema.get("description")) else "text"


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for part in get_args(hint):
        yield from _parts(part)
    yield from getattr(hint, "__metadata__", ())
