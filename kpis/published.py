"""What was published last: so that a publication between two minutes holds only what changed."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from kpis.measures import LATE, base_of
from kpis.windows import MINUTE_MS

MOVING: Final = frozenset({"as_of", "watermark", "start", "end", "definition", "rev"})
ATTRIBUTES: Final = frozenset({*LATE.values(), "bot"})  # measures that any KPI's documents may show


class Row(Protocol):
    """What is asked of a catalogue row."""

    @property
    def id(self) -> str:
        """The KPI."""


class Published:
    """Memory of one tenant's last publications."""

    def __init__(self) -> None:
        self._last: dict[Any, dict[str, Any]] = {}
        self._segments: dict[str, set[Any]] = {}  # KPI -> keys of its documents of segments
        self._reads: dict[str, set[str]] = {}  # KPI -> bases of the measures its formula reads
        self._minute: int | None = None
        self._waiting: set[str] = set()  # KPIs whose segments changed and were not made since

    def reads(self, kpi: str) -> set[str]:
        """Where the measures that a KPI reads are noted."""
        return self._reads.setdefault(kpi, set())

    def forget(self) -> None:
        """Everything is published anew."""
        self._last.clear()
        self._segments.clear()
        self._waiting.clear()

    def wanted(self, rows: Sequence[Row], touched: Iterable[str], as_of: int, *, parts: bool) -> list[tuple[Any, bool]]:
        """Rows that may have changed, each with whether its segments are to be made too: now (``parts``) or later."""
        minute = as_of // MINUTE_MS
        if minute != self._minute:
            # Every window has moved.
            self._minute = minute
            self._waiting.clear()
            return [(row, True) for row in rows]
        bases = {base_of(measure) for measure in touched}
        attributes = bool(bases & ATTRIBUTES)
        changed = {row.id for row in rows if attributes or not bases.isdisjoint(self.reads(row.id))}
        self._waiting |= changed
        if parts:
            changed |= self._waiting
            self._waiting.clear()
        return [(row, parts) for row in rows if row.id in changed]

    def changed(self, documents: Iterable[dict[str, Any]], remade: Iterable[str]) -> list[dict[str, Any]]:
        """The documents whose content is not what was published last.

        Of the KPIs in ``remade`` all segments were made: one that is no more comes as ``{kpi, window, segment, gone}``.
        """
        found = []
        present: dict[str, set[Any]] = {}
        for document in documents:
            key = (document["kpi"], document["window"], *document["segment"].items())
            if document["segment"]:
                present.setdefault(document["kpi"], set()).add(key)
            content = {name: value for name, value in document.items() if name not in MOVING}
            if self._last.get(key) != content:
                self._last[key] = content
                found.append(document)
        for kpi in remade:
            for key in self._segments.get(kpi, set()) - present.get(kpi, set()):
                del self._last[key]
                found.append({"kpi": key[0], "window": key[1], "segment": dict(key[2:]), "gone": True})
            self._segments[kpi] = present.get(kpi, set())
        return found
