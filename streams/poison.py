"""A hook for tests: ``CRMKPI_TEST_POISON=<event type>`` makes the engine raise on events of that type, mid-batch."""

import os
from collections.abc import Set
from typing import Final

from kpis.engine import Engine
from models.record import Block
from models.settings import TenantBook

POISON: Final = "CRMKPI_TEST_POISON"
_TYPE: Final = 5  # index of the type in a block's row


class PoisonError(Exception):
    """Raised on a poisoned event."""


class PoisonedEngine(Engine):
    """Raises after the block is applied: like a real fault, it leaves a half-changed state that must be discarded."""

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        """Apply, then raise; events already seen or in quarantine are not counted and don't raise."""
        above = self.state(tenant).highs.get((block["topic"], block["partition"]), -1)
        super().apply(block, tenant, journal_ts, skip)
        poison = os.environ[POISON]
        for row in block["rows"]:
            if row[_TYPE] == poison and row[0] > above and row[0] not in skip:
                raise PoisonError(row)  # like real faults, it quotes the event


def new_engine(book: TenantBook) -> Engine:
    """The real engine, unless a test asks for one that fails."""
    return PoisonedEngine(book) if os.environ.get(POISON) else Engine(book)
