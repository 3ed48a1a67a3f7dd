"""The schema of a declared webhook mapping. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from collectors.webhooks.templates import Wanted, paths_in
from models import money
from models.events import PREFIX, SHAPES
from models.refused import Refused

Path = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class BadMapping(ValueError):
    """An invalid table; ``key``: the place, such as ``events[1].data.deal_id``."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text}")
        self.key = key


class _Strict(BaseModel):
    """A table of the mapping; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class EventRule(_Strict):
    """One event per item."""

    type: str
    when: dict[str, Wanted] = {}  # path -> a value, a list of them, "*" (anything), "" (nothing)
    id: Path  # a template: stable when the item is resent
    time: str = ""  # a template; none: the time of arrival
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
    items: str = ""  # path of the array of items; none: the body is an item, or an array of items
    times: Literal["rfc3339", "utc", "unix", "unix_ms"] = "rfc3339"  # utc: without offset, such as 2026-11-01 10:00:00
    minor_units: bool = False  # amounts are in cents
    currency: str = ""  # for amounts without one
    events: list[EventRule] = Field(min_length=1)

    @field_validator("currency")
    @classmethod
    def _money(cls, code: str) -> str:
        try:
            return money.currency(code)[0] if code else ""
        except Refused:
            raise ValueError("not an ISO 4217 currency") from None


def table_of(content: Mapping[str, Any]) -> WebhookMapping:
    """The validated table. Raises BadMapping with the first invalid place."""
    try:
        return WebhookMapping.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadMapping(_key(first["loc"]), first["msg"].removeprefix("Value error, ")) from None


def _key(place: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the table"
