"""What was published last: so that a publication between two minutes holds only what changed."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from kpis.measures import base_of

SEGMENTS_EVERY_MS: Final = 1_000  # documents of segments are many: they follow a little behind
MINUTE_MS: Final = 60_000
MOVING: Final = frozenset({"as_of", "watermark", "start", "end", "definition", "rev"})
QUALITY: Final = frozenset({"late", "late.d", "late.s", "late.t", "bot"})


class Row(Protocol):
    """What is asked of a catalogue row."""

    @property
    def id(self) -> str:
        """The KPI."""


class Published:
    """Memory of one tenant's last publications."""

    def __init__(self) -> None:
        self._last: dict[Any, dict[str, Any]] = {}
        self._reads: dict[str, set[str]] = {}  # KPI -> bases of the measures its formula reads
        self._minute: int | None = None
        self._segments_due = 0
        self._waiting: set[str] = set()  # KPIs whose segments changed and were not made since

    def reads(self, kpi: str) -> set[str]:
        """Where the measures that a KPI reads are noted."""
        return self._reads.setdefault(kpi, set())

    def forget(self) -> None:
        """Everything is published anew."""
        self._last.clear()
        self._waiting.clear()

    def wanted(self, rows: Sequence[Row], touched: Iterable[str], as_of: int) -> list[tuple[Any, bool]]:
        """Rows that may have changed, each with whether its segments are to be made too."""
        minute = as_of // MINUTE_MS
        if minute != self._minute:
            # Every window has moved.
            self._minute = minute
            self._waiting.clear()
            return [(row, True) for row in rows]
        bases = {base_of(measure) for measure in touched}
        attributes = bool(bases & QUALITY)
        changed = {row.id for row in rows if attributes or not bases.isdisjoint(self.reads(row.id))}
        self._waiting |= changed
        due = as_of >= self._segments_due
        if due:
            changed |= self._waiting
            self._waiting.clear()
            self._segments_due = as_of + SEGMENTS_EVERY_MS
        return [(row, due) for row in rows if row.id in changed]

    def changed(self, documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The documents whose content is not what was published last."""
        found = []
        for document in documents:
            key = (document["kpi"], document["window"], *document["segment"].items())
            content = {name: value for name, value in document.items() if name not in MOVING}
            if self._last.get(key) != content:
                self._last[key] = content
                found.append(document)
        return found
