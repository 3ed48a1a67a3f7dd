"""Contacts: what is done to reach somebody or to win a deal. Rules: kpi-precise "Outbound touch", "touches_to_close".

They are kept by the id the event came with, packed like touches; ``note`` is the deal the event names.
"""

from collections.abc import Iterator
from typing import Any, Final

from kpis.touches import LATE, Touches

IGNORED: Final = 1  # kept only because it was late: by a robot, or to many
OUTBOUND: Final = 4
TYPES: Final = ("crm.email.sent", "crm.call.ended", "crm.meeting.held", "crm.chat.messaged", "crm.lead.contacted")
NUMBERS: Final = {type_: number for number, type_ in enumerate(TYPES)}
CONTACTED: Final = NUMBERS["crm.lead.contacted"]  # says that there was a touch; no touch of a deal


def flags_of(type_: str, data: dict[str, Any], late: bool, bot: bool) -> int:
    """What is kept of a contact beside its type."""
    ignored = bot or (type_ == "crm.email.sent" and data.get("bulk") is True)
    both_ways = type_ in ("crm.call.ended", "crm.chat.messaged")
    outbound = data.get("direction") == "outbound" if both_ways else True
    late = late and type_ != "crm.lead.contacted"  # late ones of that type are filed as events of leads
    return IGNORED * ignored | LATE * late | OUTBOUND * outbound


class Contacts:
    """The contacts of one tenant."""

    def __init__(self) -> None:
        self.of: dict[str, Touches] = {}
        self.naming: dict[str, set[str]] = {}  # deal -> ids that have contacts which name it
        self.stored: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back

    def add(self, raw: str, time: int, type_: int, flags: int, deal: str | None) -> int:
        """Keep one; returns its chunk."""
        if deal is not None:
            self.naming.setdefault(deal, set()).add(raw)
        return self.of.setdefault(raw, Touches()).add(time, type_, flags, deal)

    def restore(self) -> None:
        """Make the shelf of the stored chunks."""
        self.of = {raw: Touches.restored(chunks) for raw, chunks in self.stored.items()}
        self.stored = {}
        for raw, touches in self.of.items():
            for deal in touches.table:
                self.naming.setdefault(deal, set()).add(raw)

    def late(self, raw: str) -> Iterator[tuple[int, str, str | None]]:
        """(instant ms, type, deal) of an id's late ones."""
        for time, type_, flags, deal in self.of.get(raw, ()):
            if flags & LATE:
                yield time, TYPES[type_], deal

    def outbound(self, raw: str) -> Iterator[int]:
        """Instants of an id's outbound touches, ms."""
        for time, _, flags, _ in self.of.get(raw, ()):
            if flags & OUTBOUND and not flags & IGNORED:
                yield time

    def unnamed(self, raw: str) -> Iterator[int]:
        """Instants of an id's touches that could help a deal and name none, ms."""
        for time, type_, flags, deal in self.of.get(raw, ()):
            if deal is None and type_ != CONTACTED and not flags & IGNORED:
                yield time

    def named(self, wanted: str) -> Iterator[int]:
        """Instants of the touches that name a deal, ms."""
        for raw in self.naming.get(wanted, ()):
            for time, type_, flags, deal in self.of[raw]:
                if deal == wanted and type_ != CONTACTED and not flags & IGNORED:
                    yield time
