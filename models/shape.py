"""Builds a type's validator from its TypedDict: it checks and normalises the event's data."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, get_type_hints

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError

from models import money
from models.bounds import NAME_LENGTH, TARGET_DIGITS, TRAITS_BYTES
from models.events import SHAPES
from models.events.common import Campaign, Common
from models.instant import moment
from models.record import BOT, PLACEHOLDER, UNPRICED
from models.refused import Refused
from models.robots import AGENT_LENGTH, is_robot
from models.rules import RULES, SUBJECT_IDS, Exact, Rule
from models.texts import drop_placeholders, respell

_CONFIG: Final = ConfigDict(extra="allow", hide_input_in_errors=True)
_MONEY: Final = ("amount", "tax", "mrr")
_IDS: Final = (
    *SUBJECT_IDS, "owner_id", "actor_id", "winner_id", "into_deal_id", "into_record_id", "refund_id", "response_id",
)  # fmt: skip
_INSTANTS: Final = ("closed_at", "effective_at", "due_at")
_KINDS: Final = {
    "missing": "missing_field",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_pattern_mismatch": "bad_id",
}
_BAD_VALUES: Final = ("literal_error", "greater", "less", "too_short", "string_too_short", "enum")
_PLAIN_NAME: Final = re.compile(r"[a-z0-9_]{1,40}")  # other names may be personal and are not quoted
_TOO_LONG: Final = ("string_too_long", "too_long")
_BRANCHES: Final = ("union", "function-after", "constrained", "str", "int", "float", "literal", "dict", "Campaign")


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything about one event type's data."""

    validate: Callable[[Any], dict[str, Any]]
    money: tuple[str, ...]
    instants: tuple[str, ...]
    ids: tuple[str, ...]
    required: frozenset[str]
    nulls: frozenset[str]  # fields in which null has a meaning
    rule: Rule | None

    def check(self, data: Any, canonical: bytes, raw: bytes, exact: Exact, time: int) -> tuple[dict[str, Any], int]:
        """(normalised copy of data, flags) for an event at ``time`` ms. Refused names the field."""
        try:
            return self._check(data, raw, exact, time)
        except Refused:
            if b"null" not in canonical:
                raise
        return self._check(_without_nulls(data, self.nulls), raw, exact, time)

    def _check(self, data: Any, raw: bytes, exact: Exact, time: int) -> tuple[dict[str, Any], int]:
        try:
            found = self.validate(data)
        except ValidationError as error:
            raise _refused(error) from None
        respell(found, raw)
        flags = PLACEHOLDER if drop_placeholders(found, self.ids, self.required) else 0
        for field in self.instants:
            if field in found:
                found[field] = moment(found[field], field)
        if "traits" in found:
            _check_traits(found["traits"], raw)
        if self.rule is not None:
            self.rule(found, time, raw, exact)
        if self.money:
            flags |= _price(found, self.money, raw, exact)
        if "user_agent" in found or "machine" in found:
            flags |= _robot(found)
        return found, flags


def adapter(declared: type[Any]) -> TypeAdapter[dict[str, Any]]:
    """Pydantic's adapter for a TypedDict of models.events; unknown fields are kept."""
    for typed in (declared, Campaign):
        # A TypedDict does not inherit its configuration and TypeAdapter accepts none for it, so set it on each.
        setattr(typed, "__pydantic_config__", _CONFIG)  # noqa: B010
    return TypeAdapter(declared)


@cache
def shape(type_: str | None) -> Shape:
    """The shape of a known type; None: the common fields, for types unknown to this build."""
    declared = SHAPES[type_] if type_ else Common
    fields = get_type_hints(declared)
    validator = adapter(declared).validator
    return Shape(
        validate=validator.validate_python,
        money=tuple(field for field in _MONEY if field in fields),
        instants=tuple(field for field in _INSTANTS if field in fields),
        ids=tuple(field for field in _IDS if field in fields),
        required=frozenset(declared.__required_keys__),
        nulls=frozenset({"value"} if type_ == "crm.target.set" else ()),
        rule=RULES.get(type_ or ""),
    )


def _without_nulls(data: Any, keep: frozenset[str]) -> Any:
    """Exporters write null for missing values, also inside campaigns."""
    if not isinstance(data, dict):
        return data
    kept = {key: value for key, value in data.items() if value is not None or key in keep}
    if isinstance(kept.get("campaign"), dict):
        kept["campaign"] = {key: value for key, value in kept["campaign"].items() if value is not None}
    return kept


def _check_traits(traits: dict[str, Any], raw: bytes) -> None:
    """Each trait may become a dimension value. Lists and objects can't, and are bounded by the total size."""
    if len(raw) > NAME_LENGTH:
        for name, value in traits.items():
            if type(value) is str and len(value) > NAME_LENGTH:
                raise Refused("too_long", f"traits.{name}" if _PLAIN_NAME.fullmatch(name) else "traits")
        if len(raw) > TRAITS_BYTES and len(orjson.dumps(traits)) > TRAITS_BYTES:
            raise Refused("too_long", "traits")


def _price(found: dict[str, Any], fields: tuple[str, ...], raw: bytes, exact: Exact) -> int:
    """Turn amounts into minor units, or all into 10^-9 if one needs it; without a currency drop and flag them."""
    given = [field for field in fields if field in found]
    if "currency" not in found:
        for field in given:
            money.plain(found.pop(field), field, raw, exact, magnitude=TARGET_DIGITS)
        return UNPRICED if given else 0
    code, places = money.currency(found["currency"])
    numbers = {field: money.decimal(found[field], field, raw, exact) for field in given}
    if any(money.decimals(number) > places for number in numbers.values()):
        code, places = money.fine(code), money.FINE
    found["currency"] = code
    for field, number in numbers.items():
        found[field] = money.minor_units(number, places, field)
    return 0


def _robot(found: dict[str, Any]) -> int:
    agent = found.get("user_agent", "")
    if len(agent) > AGENT_LENGTH:
        agent = found["user_agent"] = agent[:AGENT_LENGTH]
    return BOT if found.get("machine") or is_robot(agent) else 0


def _refused(error: ValidationError) -> Refused:
    """The first complaint, in our terms. It never quotes the input."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    # A union reports one complaint per member: what is too long is also "not an object".
    first = next((one for one in found if one["type"] in _TOO_LONG and one["loc"][0] == found[0]["loc"][0]), found[0])
    path = [str(part) for part in first["loc"] if not str(part).startswith(_BRANCHES)]
    kind = first["type"]
    reason = _KINDS.get(kind) or ("bad_value" if kind.startswith(_BAD_VALUES) else "wrong_type")
    return Refused(reason, ".".join(path) or "data", first["msg"])
