"""What was published last: so that a publication between two minutes holds only what changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kpis.cells import EVER
from kpis.measures import LATE, base_of

if TYPE_CHECKING:
    from kpis.catalog.row import Kpi

MOVING: Final = frozenset({"as_of", "watermark", "start", "end", "definition", "rev"})
NEVER: Final = -EVER
ATTRIBUTES: Final = frozenset({*LATE.values(), "bot"})  # measures that any KPI's documents may show


class Wanted(NamedTuple):
    """A row, and from which minutes on its documents of totals and of segments may be others: NEVER for none."""

    row: "Kpi"
    totals: int
    parts: int


class Published:
    """Memory of one tenant's last publications."""

    def __init__(self) -> None:
        self._last: dict[Any, dict[str, Any]] = {}
        self._segments: dict[tuple[str, str], set[Any]] = {}  # KPI, window -> keys of its documents of segments
        self._reads: dict[str, set[str]] = {}  # KPI -> bases of the measures its formula reads
        self._moment: tuple[Any, ...] = ()
        self._waiting: dict[str, int] = {}  # KPI -> since when its segments changed that were not made

    def reads(self, kpi: str) -> set[str]:
        """Where the measures that a KPI reads are noted."""
        return self._reads.setdefault(kpi, set())

    def forget(self) -> None:
        """Everything is published anew."""
        self._last.clear()
        self._segments.clear()
        self._waiting.clear()
        self._moment = ()

    def wanted(
        self, rows: Sequence["Kpi"], touched: Mapping[str, int], moment: tuple[Any, ...], *, parts: bool
    ) -> list[Wanted]:
        """Rows that may have changed. ``parts``: their segments are to be made now, not later.

        ``touched``: measures and since which minute; ``moment``: what every document depends on, the minute of now.
        """
        moved, self._moment = moment != self._moment, moment
        bases: dict[str, int] = {}
        for measure, minute in touched.items():
            base = base_of(measure)
            bases[base] = min(minute, bases.get(base, minute))
        every = EVER if moved else min((bases[base] for base in ATTRIBUTES if base in bases), default=NEVER)
        found = []
        for row in rows:
            totals = min((bases[base] for base in self.reads(row.id) if base in bases), default=NEVER)
            totals = min(totals, every)
            waiting = min(totals, self._waiting.pop(row.id, NEVER))
            if waiting < NEVER and not parts:
                self._waiting[row.id] = waiting
            if totals < NEVER or (waiting < NEVER and parts):
                found.append(Wanted(row, totals, waiting if parts else NEVER))
        return found

    def changed(self, documents: Iterable[dict[str, Any]], remade: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """The documents whose content is not what was published last.

        ``remade``: KPIs and windows of which all segments were made: one that is no more comes as
        ``{kpi, window, segment, gone}``.
        """
        found = []
        present: dict[tuple[str, str], set[Any]] = {}
        for document in documents:
            key = (document["kpi"], document["window"], *document["segment"].items())
            if document["segment"]:
                present.setdefault(key[:2], set()).add(key)
            content = {name: value for name, value in document.items() if name not in MOVING}
            if self._last.get(key) != content:
                self._last[key] = content
                found.append(document)
        for made in remade:
            for key in self._segments.get(made, set()) - present.get(made, set()):
                del self._last[key]
                found.append({"kpi": key[0], "window": key[1], "segment": dict(key[2:]), "gone": True})
            self._segments[made] = present.get(made, set())
        return found
