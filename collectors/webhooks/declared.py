"""Webhooks of systems without a module: a table says how the items of a body become events. Pure.

The table is a part of a TOML file, and its words are those of the mapping files of ``crmkpi import``: a text is taken
as it is, ``{path}`` in it is replaced by what stands there in the item, and a text with an empty path is left out. A
path that begins with ``@`` is one of the whole body. docs/webhooks.md has an example.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks import standard
from collectors.webhooks.hmacs import basic, header, shared
from collectors.webhooks.items import Fault, at, document, maybe_whole, reading, table
from collectors.webhooks.provider import Provider
from collectors.webhooks.templates import Wanted, filled, filled_in, fits, paths_in, value_at
from collectors.webhooks.times import in_utc, of_ms, of_s
from models import money
from models.events import PREFIX, SHAPES
from models.refused import Refused

MOST: Final = 2000  # items of one body
_MONEY: Final = ("amount", "tax", "mrr")
Path = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class BadMapping(ValueError):
    """A table that cannot be used; ``key`` says where, as ``events[1].data.deal_id``."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key


class _Strict(BaseModel):
    """A table of the mapping; an unknown key is a slip of its author."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class EventRule(_Strict):
    """One event made from an item."""

    type: str
    when: dict[str, Wanted] = {}  # path -> a value, a list of them, "*" (anything), "" (nothing)
    id: Path  # a text with paths: the same whenever the item is sent again
    time: str = ""  # a text with paths; none: when it arrived
    data: dict[str, Any] = {}

    @field_validator("type")
    @classmethod
    def _known(cls, name: str) -> str:
        full = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
        if full not in SHAPES:
            raise ValueError(f"no such event type: {name[:60]}")
        return full

    @field_validator("id", "time")
    @classmethod
    def _varies(cls, template: str) -> str:
        if template and not paths_in(template):
            raise ValueError('names no path, and would be the same for all events; "{id}" is the field id')
        return template


class WebhookMapping(_Strict):
    """The whole table."""

    title: str = ""
    proof: Literal["header", "basic", "standard"] = "header"
    header: Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9-]{1,64}$")] = "x-webhook-secret"
    items: str = ""  # the path of the array of items; none: the body is the item, or an array of them
    times: Literal["rfc3339", "utc", "unix", "unix_ms"] = "rfc3339"  # utc: without offset, as 2026-11-01 10:00:00
    minor_units: bool = False  # amounts are whole cents
    currency: str = ""  # of amounts without one
    events: list[EventRule] = Field(min_length=1)

    @field_validator("currency")
    @classmethod
    def _money(cls, code: str) -> str:
        try:
            return money.currency(code)[0] if code else ""
        except Refused:
            raise ValueError("not an ISO 4217 currency") from None


def declared(name: str, content: Mapping[str, Any]) -> Provider:
    """The provider that a table describes; ``name`` is its name in the address. BadMapping."""
    try:
        mapping = WebhookMapping.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadMapping(_key(first["loc"]), first["msg"].removeprefix("Value error, ")) from None
    proofs = {"header": _by_header(mapping.header), "basic": basic, "standard": standard.verify}
    words = {"header": f"a secret of your own in the header {mapping.header}", "basic": "user:password of HTTP Basic",
             "standard": standard.PROVIDER.secret}  # fmt: skip
    title, proof = mapping.title or name, mapping.proof
    return Provider(name, title, words[proof], proofs[proof], lambda arrived: _read(mapping, arrived))


def _key(place: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the table"


def _by_header(name: str) -> Any:
    def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
        shared(header(arrived, name), secrets)

    return verify


def _read(mapping: WebhookMapping, arrived: Arrived) -> Reading:
    body = document(arrived)
    items = at(body, mapping.items) if mapping.items else body
    if mapping.items and not isinstance(items, list):
        raise Unreadable("must be an array", mapping.items)
    items = items if isinstance(items, list) else [items]
    if len(items) > MOST:
        raise Unreadable(f"more than {MOST} items", mapping.items or "body")
    return reading(arrived, items, lambda item: _events(mapping, item, body))


def _events(mapping: WebhookMapping, item: Any, body: Any) -> Iterator[Event]:
    table(item)
    for place, rule in enumerate(mapping.events, start=1):
        if all(fits(value_at(item, body, path), wanted) for path, wanted in rule.when.items()):
            yield _event(mapping, rule, item, body, place)


def _event(mapping: WebhookMapping, rule: EventRule, item: Any, body: Any, place: int) -> Event:
    name = filled(rule.id, item, body)
    if name is None:
        raise Fault(paths_in(rule.id)[0], f"is missing, and events[{place}].id needs it")
    data = filled_in(rule.data, item, body) or {}
    if any(field in data for field in _MONEY):
        _price(mapping, data)
    time = filled(rule.time, item, body) if rule.time else None
    if rule.time and time is None:
        raise Fault(paths_in(rule.time)[0], f"is missing, and events[{place}].time needs it")
    if type(name) not in (str, int):
        raise Fault(paths_in(rule.id)[0], "must be a text or a whole number")
    return Event(rule.type, f"{name}-{rule.type.removeprefix(PREFIX)}", _time(mapping, time), data)


def _time(mapping: WebhookMapping, value: Any) -> str | None:
    if value is None:
        return None
    if mapping.times in ("unix", "unix_ms"):
        number = maybe_whole({"time": value}, "time") or 0
        return (of_s if mapping.times == "unix" else of_ms)(number, "time")
    if not isinstance(value, str):
        raise Fault("time", 'must be a text like 2026-11-01T10:00:00Z; of numbers the table says times = "unix"')
    return in_utc(value) if mapping.times == "utc" else value


def _price(mapping: WebhookMapping, data: dict[str, Any]) -> None:
    """The currency of amounts that have none; whole cents as the contract wants them."""
    if mapping.currency:
        data.setdefault("currency", mapping.currency)
    if not mapping.minor_units:
        return
    try:
        places = money.currency(str(data.get("currency")))[1]
    except Refused:
        raise Fault("currency", "must be an ISO 4217 currency: the amount is in its smallest unit") from None
    for field in _MONEY:
        if field in data and (cents := maybe_whole(data, field)) is not None:
            data[field] = f"{cents // 10**places}.{cents % 10**places:0{places}d}" if places else str(cents)
