"""What a row of the table of kinds of facts says; the table is `kpis.intake.kinds`."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from kpis.cells.ledger import Contribution, Parts
from kpis.tenant.codecs import Codec
from kpis.tenant.tenant import Tenant
from models.record import Row

# (tenant, the event type without its entity, event, the id that touches and answers are kept under, late, of a robot)
Handler = Callable[[Tenant, str, Row, str, bool, bool], None]


class Owner(Enum):
    """Whose a fact is, by its key: what an erasure of a subject renames or removes."""

    OBJECT = auto()  # the key is the id of an object, which belongs to whom its events name
    ID = auto()  # the key is the id that the fact came with
    FIRST_PART = auto()  # the key begins with an id or object, and goes to the owner of that
    INDEX = auto()  # as the index says that is built over the facts: it moves them itself
    NOBODY = auto()


class Kind(NamedTuple):
    """A kind of fact.

    ``name``: in the keys of the changelog, and of its group. ``events``: entities of event types (``deal`` of
    ``crm.deal.won``) that ``handler`` takes. ``contribution``: of the group that has the same key as the fact; None:
    groups of other kinds read it. ``parts``: the same, of a group with many facts.
    """

    name: str
    codec: Codec
    owner: Owner
    events: tuple[str, ...] = ()
    handler: Handler | None = None
    contribution: Callable[[Tenant, str], Contribution] | None = None
    parts: Callable[[Tenant, str], Parts] | None = None
    field: str | None = None  # of an event: the id of the object, which the event's first id owns from then on
    companions: tuple[str, ...] = ()  # other groups of the object that go to its owner with it
    takes_bots: bool = False  # the handler takes events of robots, too
