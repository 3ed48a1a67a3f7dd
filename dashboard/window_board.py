"""The totals of one window as a follower knows them, and which of them changed when."""

from collections.abc import Sequence
from typing import Any, Final

GONE_S: Final = 10.0  # after which a document that is missing is gone: an emptied store is filled again within seconds
CACHED: Final = 16  # messages of one tick: streams that keep up all send the same one

Document = dict[str, Any]


class WindowBoard:
    """Documents by KPI. ``since``: the tick from which on changes are known."""

    def __init__(self, documents: Sequence[Document], since: int) -> None:
        self.documents = {str(one["kpi"]): one for one in documents}
        self.since = since
        self.readers = 0
        self._missing: dict[str, float] = {}  # KPI -> since when
        self._changed: dict[str, int] = {}  # KPI -> tick of its last change; as many as there are KPIs
        self._last = since
        self._messages: dict[Any, bytes] = {}

    @property
    def missing(self) -> bool:
        """Whether documents are shown that the last snapshot did not have."""
        return bool(self._missing)

    def put(self, documents: Sequence[Document], tick: int, clock: float) -> bool:
        """Takes in a newer snapshot. False: it says the same. ``clock``: seconds."""
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
        """Documents that changed after a tick, and KPIs whose document is no more."""
        changed = sorted(kpi for kpi, tick in self._changed.items() if tick > seen)
        there = [self.documents[kpi] for kpi in changed if kpi in self.documents]
        return there, [kpi for kpi in changed if kpi not in self.documents]

    def message(self, key: Any) -> bytes | None:
        """One that was made in this tick."""
        return self._messages.get(key)

    def keep(self, key: Any, message: bytes) -> bytes:
        """For the other streams of this tick."""
        if len(self._messages) >= CACHED:
            self._messages.clear()
        self._messages[key] = message
        return message
