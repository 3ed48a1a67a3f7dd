"""Events a lane's engine can't count: from the first failure to their quarantine entries."""

import logging
from collections.abc import Iterable, Sequence

from streams import quarantine
from streams.engine.rows import Origin
from streams.engine_port import Entry, Letter
from streams.inbox import Item
from streams.table import LaneState

log = logging.getLogger(__name__)


class Suspects:
    """One lane's known uncountable events."""

    def __init__(self, partition: int, state: LaneState) -> None:
        self._partition = partition
        self._state = state
        self.found: dict[Origin, str] = {}  # events to quarantine, and why
        self.end = 0  # before this position events are counted one at a time
        self.failed_at = -1  # position at which the engine last raised
        self.wary = False  # probe for uncountable events before counting any

    def add(self, found: Iterable[tuple[Origin, str]]) -> None:
        """Leave out these events, which can't be counted, from now on."""
        for origin, kind in found:
            self.found[origin] = kind
            log.error("lane %s: %s/%s/%s cannot be counted (%s): see crmkpi dlq ls", self._partition, *origin, kind)

    def letters(self, letters: Sequence[Letter]) -> list[Letter]:
        """The letters of a batch; an event that is in the journal twice is quarantined once."""
        first = {}
        for number, letter in enumerate(letters):
            origin = (letter.topic, letter.partition, letter.offset)
            if letter.reason != "engine_error":
                first[number, origin] = letter
            elif origin not in self._state.quarantined:
                first.setdefault((-1, origin), letter)
        return list(first.values())

    def entries(self, letters: Iterable[Letter], items: Sequence[Item]) -> list[Entry]:
        """Changelog entries for the letters of uncountable events."""
        made = []
        for letter in letters:
            if letter.reason == "engine_error":
                origin = (letter.topic, letter.partition, letter.offset)
                self._state.quarantined.add(origin)
                self.found.pop(origin, None)
                made.append(quarantine.entry(letter.tenant, origin, letter.kind, items[letter.record].offset))
        return made
