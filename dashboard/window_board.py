"""The totals of one window as known to a follower, and when each changed."""

from collections.abc import Sequence
from typing import Any, Final

GONE_S: Final = 10.0  # after which a missing document counts as gone: an emptied store is refilled within seconds
CACHED: Final = 16  # cached messages per tick: streams that keep up all send the same one

Document = dict[str, Any]


class WindowBoard:
    """Documents by KPI. ``since``: the tick from which on changes are known."""

    def __init__(self, documents: Sequence[Document], since: int) -> None:
        self.documents = {str(one["kpi"]): one for one in documents}
        self.since = since
        self.readers = 0
        self._missing: dict[str, float] = {}  # KPI -> missing since
        self._changed: dict[str, int] = {}  # KPI -> tick of its last change
        self._last = since
        self._messages: dict[Any, bytes] = {}

    @property
    def missing(self) -> bool:
        """Whether documents are shown that were missing from the last snapshot."""
        return bool(self._missing)

    def put(self, documents: Sequence[Document], tick: int, clock: float) -> bool:
        """Takes in a newer snapshot. False if nothing changed. ``clock``: seconds."""
        now = {str(one["kpi"]): one for one in documents}
        before = self.documents
        missing = {kpi: self._missing.get(kpi, clock) for kpi in before.keys() - now.keys()}
        self._missing = {kpi: since for kpi, since in missing.items() if clock - since < GONE_S}
        now.update({kpi: before[kpi] for kpi in self._missing})
        self.documents = now
        changed = [kpi for kpi in before.keys() | now.keys() if before.get(kpi) != now.get(kpi)]
        self._changed.update(dict.fromkeys(changed, tick))
        if changed:
            self._last = tick
        return bool(changed)

    def news(self, seen: int) -> bool:
        """Whether anything changed after a tick."""
        return self._last > seen

    def changes(self, seen: int) -> tuple[list[Document], list[str]]:
        """Documents that changed after a tick, and KPIs whose document is gone."""
        changed = sorted(kpi for kpi, tick in self._changed.items() if tick > seen)
        there = [self.documents[kpi] for kpi in changed if kpi in self.documents]
        return there, [kpi for kpi in changed if kpi not in self.documents]

    def message(self, key: Any) -> bytes | None:
        """A message cached in this tick."""
        return self._messages.get(key)

    def keep(self, key: Any, message: bytes) -> bytes:
        """Cache a message for the other streams of this tick."""
        if len(self._messages) >= CACHED:
            self._messages.clear()
        self._messages[key] = message
        return message
