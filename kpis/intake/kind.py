"""The columns of the table of kinds of facts; the table is in `kpis.intake.kinds`."""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from kpis.cells.ledger import Contribution, Parts
from kpis.tenant.codecs import Codec
from kpis.tenant.tenant import Tenant
from models.record import Row

# (tenant, event type without its entity, event, source id for touches and answers, is late, is a bot's)
Handler = Callable[[Tenant, str, Row, str, bool, bool], None]


class Owner(Enum):
    """How a fact's owner follows from its key; an erasure renames or removes facts by it."""

    OBJECT = auto()  # the key is the id of an object; its events name its owner
    ID = auto()  # the key is the source id of the fact
    FIRST_PART = auto()  # the key begins with an id or object, whose owner it has
    INDEX = auto()  # known to an index over these facts, which moves them itself
    NOBODY = auto()


class Kind(NamedTuple):
    """A kind of fact.

    ``name``: used in changelog keys and as the group's name. ``events``: the entities (``deal`` in ``crm.deal.won``)
    that ``handler`` takes. ``contribution``: that of the group with the same key as the fact; None: groups of other
    kinds read the fact. ``parts``: the same for a group with many facts, part by part.
    """

    name: str
    codec: Codec
    owner: Owner
    events: tuple[str, ...] = ()
    handler: Handler | None = None
    contribution: Callable[[Tenant, str], Contribution] | None = None
    parts: Callable[[Tenant, str], Parts] | None = None
    field: str | None = None  # event field with the object's id; the event's first id becomes its owner
    companions: tuple[str, ...] = ()  # other groups of the object that move to a new owner with it
    takes_bots: bool = False  # the handler also takes bots' events
