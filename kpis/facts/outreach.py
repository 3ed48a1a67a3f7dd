"""Sales contacts (calls, meetings, mails). Rules: kpi-precise "Outbound touch", "touches_to_close".

They are stored by source id and packed like touches; ``note`` is the deal that the event names.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpis.facts.touches import LATE, NOTHING, Touches, restored_touches
from kpis.slices import Work

IGNORED: Final = 1  # from a bot or in bulk; kept only because it was late
OUTBOUND: Final = 4
TYPES: Final = ("crm.email.sent", "crm.call.ended", "crm.meeting.held", "crm.chat.messaged", "crm.lead.contacted")
NUMBERS: Final = {type_: number for number, type_ in enumerate(TYPES)}
CONTACTED: Final = NUMBERS["crm.lead.contacted"]  # reports that a touch took place; does not count for a deal


def flags_of(type_: str, data: dict[str, Any], late: bool, bot: bool) -> int:
    """The flags of a contact."""
    ignored = bot or (type_ == "crm.email.sent" and data.get("bulk") is True)
    both_ways = type_ in ("crm.call.ended", "crm.chat.messaged")
    outbound = data.get("direction") == "outbound" if both_ways else True
    late = late and type_ != "crm.lead.contacted"  # that type, when late, is stored as a lead event
    return IGNORED * ignored | LATE * late | OUTBOUND * outbound


class Contacts:
    """The contacts of one tenant."""

    def __init__(self) -> None:
        self.of: dict[str, Touches] = {}
        self.naming: dict[str, set[str]] = {}  # deal -> ids with contacts that name it
        self.stored: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, during a restore

    def add(self, raw: str, time: int, type_: int, flags: int, deal: str | None) -> int:
        """Store a contact at ``time`` ms; returns the number of its chunk."""
        if deal is not None:
            self.naming.setdefault(deal, set()).add(raw)
        return self.of.setdefault(raw, Touches()).add(time, type_, flags, deal)

    def move(self, raw: str, new: str | None) -> None:
        """Move the contacts of an id to another (None: remove them)."""
        touches = self.of.pop(raw, None)
        if touches is None:
            return
        for deal in set(touches.table):
            self.naming[deal].discard(raw)
            if new is not None:
                self.naming[deal].add(new)
        if new is not None:
            self.of[new] = touches

    def restore(self) -> Work:
        """Build the tables from the stored chunks."""
        yield from restored_touches(self.of, self.stored)
        for raw, touches in self.of.items():
            for deal in touches.table:
                self.naming.setdefault(deal, set()).add(raw)
            yield 2

    def late(self, raw: str) -> Iterator[tuple[int, str, str | None]]:
        """(ms, type, deal) of an id's late contacts."""
        if (touches := self.of.get(raw)) is not None:
            for time, type_, _, deal in touches.at(np.flatnonzero(touches.numbers & LATE).tolist()):
                yield time, TYPES[type_], deal

    def outbound(self, raw: str) -> NDArray[np.int64]:
        """Instants of an id's outbound touches, ms."""
        if (touches := self.of.get(raw)) is None:
            return np.empty(0, dtype=np.int64)
        packed = touches.numbers
        found: NDArray[np.int64] = packed[packed & (OUTBOUND | IGNORED) == OUTBOUND] >> 12
        return found

    def unnamed(self, raw: str) -> NDArray[np.int64]:
        """Instants of an id's touches that may help a deal and name none, ms."""
        return self._helping(raw, (NOTHING,))

    def named(self, wanted: str) -> Iterator[int]:
        """Instants of the touches that name a deal, ms."""
        for raw in self.naming.get(wanted, ()):
            places = [place for place, deal in enumerate(self.of[raw].table) if deal == wanted]
            yield from self._helping(raw, places).tolist()

    def _helping(self, raw: str, notes: Sequence[int]) -> NDArray[np.int64]:
        """Instants (ms) of an id's touches that may help a deal, with these notes."""
        if (touches := self.of.get(raw)) is None:
            return np.empty(0, dtype=np.int64)
        packed, noted = touches.numbers, np.isin(np.array(touches.notes), notes)
        found: NDArray[np.int64] = packed[noted & (packed & IGNORED == 0) & (packed >> 4 & 0xFF != CONTACTED)] >> 12
        return found
