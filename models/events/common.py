"""The field types that events are built from, and the fields any event may carry.

The types double as the JSON Schema: pydantic checks exactly what ``schemas/`` says.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, Strict, StringConstraints, WithJsonSchema
from typing_extensions import TypedDict

from models.bounds import NAME_LENGTH

_Name = StringConstraints(strip_whitespace=True, max_length=NAME_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$")
_IntegerAsText = Annotated[int, Strict(), AfterValidator(str)]

Id = Annotated[Annotated[str, Strict(), _Name] | _IntegerAsText, Field(union_mode="left_to_right")]
"""Identifies a subject, object or reference: text without control characters, trimmed; an integer becomes text."""

Label = Annotated[
    Annotated[str, Strict(), StringConstraints(strip_whitespace=True, max_length=NAME_LENGTH)] | _IntegerAsText,
    Field(union_mode="left_to_right"),
]
"""Any text; it is escaped where it is shown."""

Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Number = Annotated[
    Annotated[int, Strict()] | Annotated[float, Strict(), Field(allow_inf_nan=False)],
    Field(union_mode="left_to_right"),
]
Seconds = Annotated[Number, Field(ge=0, le=315_360_000)]
CallSeconds = Annotated[Number, Field(ge=0, le=604_800)]
Version = Annotated[
    Annotated[int, Strict(), Field(ge=0, lt=2**63)]
    | Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9]{1,18}$"), AfterValidator(int)],
    Field(union_mode="left_to_right"),
]
Table = Annotated[dict[str, Any], Strict()]

# Checked by hand (models.shape): pydantic alone can neither keep decimals exact nor use our reason codes.
_DECIMAL: Final = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}]}
Amount = Annotated[Any, WithJsonSchema({**_DECIMAL, "description": "major units, exact"})]
Currency = Annotated[Text, WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{3}$", "description": "ISO 4217"})]
_MOMENT: Final = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
Instant = Annotated[Any, WithJsonSchema({**_MOMENT, "description": "a date alone is a day in the tenant's zone"})]
LocalDate = Annotated[Any, WithJsonSchema({"type": "string", "format": "date"})]


class Campaign(TypedDict, total=False):
    """Where a touch came from, in UTM terms."""

    name: Label
    source: Label
    medium: Label
    term: Label
    content: Label


class Common(TypedDict, total=False):
    """Fields any event may carry. Fields not named here or in a type are kept unchanged."""

    customer_id: Id
    lead_id: Id
    user_id: Id
    anonymous_id: Id
    deal_id: Id
    order_id: Id
    subscription_id: Id
    contract_id: Id
    message_id: Id
    ticket_id: Id
    record_id: Id
    contact_id: Id
    owner_id: Id
    campaign: Campaign
    referrer: Text
    traits: Table
    user_agent: Text
    ip: Text
    session_id: Id
    locale: Text
    click_id: Id
    bulk: Flag
    machine: Flag
    source: Label
    email_hash: Id
    phone_hash: Id


Shapes = Mapping[str, type[Any]]
"""Event type without the ``crm.`` prefix -> the TypedDict of its data."""

Direction = Literal["inbound", "outbound"]
