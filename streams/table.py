"""The state: a Faust table whose entries belong to their partition."""

from dataclasses import dataclass, field
from typing import Any

import faust

from streams import position, quarantine
from streams.engine.client import EngineProcess, LaneEngine
from streams.engine.rows import Origin
from streams.engine_port import Entry
from streams.position import Position


@dataclass
class LaneState:
    """One lane's state: its engine, and the committed position (None: nothing was ever committed)."""

    engine: LaneEngine
    position: Position | None = None
    entries: int = 0  # loaded
    quarantined: set[Origin] = field(default_factory=set)  # events that could not be counted

    async def load(self, entries: list[Entry]) -> None:
        """Restore changelog entries."""
        self.entries += len(entries)
        await self.engine.load([entry for entry in entries if not self._ours(*entry)])

    def _ours(self, key: bytes, value: bytes | None) -> bool:
        """Take the runtime's own entries; returns whether this was one."""
        if key == position.KEY:
            self.position = position.decode(value) if value is not None else None
        elif key.startswith(quarantine.TABLE):
            _, origin = quarantine.origin_of(key)
            (self.quarantined.discard if value is None else self.quarantined.add)(origin)
        else:
            return False
        return True


class StateTable(faust.Table[Any, Any]):
    """Partition -> `LaneState`. Faust's recovery and stores are not used: `streams.restore` reads the changelog."""

    def __init__(self, app: faust.App, *, engines: EngineProcess, **options: Any) -> None:
        super().__init__(app, **options)
        self._engines = engines
        self.lanes: dict[int, LaneState] = {}

    def open(self, partition: int) -> LaneState:
        """An empty state for a newly assigned partition."""
        self.lanes[partition] = LaneState(self._engines.lane(partition))
        return self.lanes[partition]

    async def drop(self, partition: int) -> None:
        """Forget a partition that went to another worker."""
        if (state := self.lanes.pop(partition, None)) is not None:
            await state.engine.drop()
