"""A test's hook: ``CRMKPI_TEST_POISON=<event type>`` lets the engine raise at events of that type, in mid-batch."""

import os
from collections.abc import Set
from typing import Final

from kpis.engine import Engine
from models.record import Block
from models.settings import TenantBook

POISON: Final = "CRMKPI_TEST_POISON"
_TYPE: Final = 5  # of a row, as a block holds it


class PoisonError(Exception):
    """What the engine raises then."""


class PoisonedEngine(Engine):
    """Raises when the block is applied already: what a real fault leaves half changed must be thrown away."""

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        """As an engine's; events that came before, or are in quarantine, do not count and so do not raise."""
        above = self.state(tenant).highs.get((block["topic"], block["partition"]), -1)
        super().apply(block, tenant, journal_ts, skip)
        poison = os.environ[POISON]
        for row in block["rows"]:
            if row[_TYPE] == poison and row[0] > above and row[0] not in skip:
                raise PoisonError(row)  # as messages of real faults do, it repeats what was sent


def new_engine(book: TenantBook) -> Engine:
    """The product's engine, unless a test asks for one that fails."""
    return PoisonedEngine(book) if os.environ.get(POISON) else Engine(book)
