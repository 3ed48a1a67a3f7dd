"""Leads, customers and their identities."""

from typing import Annotated, Final, Literal, Required

from pydantic import Field

from models.bounds import LOSERS
from models.events.common import Common, Id, Label, Shapes

TOPIC: Final = "crm.customers.v1"
_LEAD: Final = ("created", "assigned", "contacted", "qualified", "disqualified", "converted", "unconverted")
_CUSTOMER: Final = ("created", "updated", "churned", "reactivated")


class Lead(Common, total=False):
    """Something happened to a lead."""

    lead_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    reason: Label


class Customer(Common, total=False):
    """Something happened to a customer."""

    customer_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    reason: Label


class _Identity(Common, total=False):
    entity: Literal["customer", "lead", "user", "anonymous"]


class Identified(_Identity, total=False):
    """Two or more ids belong together (models.shape counts them)."""

    winner_id: Id
    loser_ids: Annotated[list[Id], Field(max_length=LOSERS)]


class Merged(_Identity, total=False):
    """Records were merged into the winner."""

    winner_id: Required[Id]
    loser_ids: Required[Annotated[list[Id], Field(min_length=1, max_length=LOSERS)]]


class Unmerged(_Identity, total=False):
    """A merge is undone: winner and losers, or any two ids."""

    winner_id: Id
    loser_ids: Annotated[list[Id], Field(max_length=LOSERS)]


class ErasureRequested(Common, total=False):
    """A subject asks to be forgotten."""

    mode: Literal["forget", "unpick"]


SHAPES: Final[Shapes] = {
    **{f"lead.{happening}": Lead for happening in _LEAD},
    **{f"customer.{happening}": Customer for happening in _CUSTOMER},
    "identity.identified": Identified,
    "identity.merged": Merged,
    "identity.unmerged": Unmerged,
    "privacy.erasure_requested": ErasureRequested,
}
