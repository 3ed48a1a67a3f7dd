"""The state: a Faust table whose entries live and die with their partition."""

from dataclasses import dataclass
from typing import Any

import faust

from streams import position
from streams.engine_port import Engine, EngineFactory
from streams.position import Position


@dataclass
class LaneState:
    """What one lane knows: its engine, and the committed position (None: nothing was ever committed)."""

    engine: Engine
    position: Position | None = None
    entries: int = 0  # loaded

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one changelog entry back."""
        self.entries += 1
        if key == position.KEY:
            self.position = position.decode(value) if value is not None else None
        else:
            self.engine.load(key, value)


class StateTable(faust.Table[Any, Any]):
    """Partition -> `LaneState`. Faust's recovery and its stores are not used: `streams.restore` reads the changelog."""

    def __init__(self, app: faust.App, *, engine: EngineFactory, **options: Any) -> None:
        super().__init__(app, **options)
        self._new_engine = engine
        self.lanes: dict[int, LaneState] = {}

    def open(self, partition: int) -> LaneState:
        """An empty state for a partition this worker was given."""
        self.lanes[partition] = LaneState(self._new_engine())
        return self.lanes[partition]

    def drop(self, partition: int) -> None:
        """Forget a partition that went to another worker."""
        self.lanes.pop(partition, None)
