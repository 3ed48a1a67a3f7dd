"""What was published last: so that a publication between two minutes holds only what changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kpis.cells import EVER
from kpis.measures import LATE, base_of

if TYPE_CHECKING:
    from kpis.catalog.row import Kpi

MOVING: Final = frozenset({"as_of", "watermark", "start", "end", "definition", "rev"})
NEVER: Final = -EVER
ALL: Final = 1 << 62  # documents of segments: as many as there are
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
        self._segments: dict[str, dict[str, set[Any]]] = {}  # KPI -> window -> keys of its documents of segments
        self._totals: set[Any] = set()  # keys of the other documents
        self._reads: dict[str, set[str]] = {}  # KPI -> bases of the measures its formula reads
        self._moment: tuple[Any, ...] = ()
        self._waiting: dict[str, int] = {}  # KPI -> since when its segments changed that were not made; longest first
        self._old: set[str] = set()  # KPIs with segments of another minute: they are sent also where they are the same

    def reads(self, kpi: str) -> set[str]:
        """Where the measures that a KPI reads are noted."""
        return self._reads.setdefault(kpi, set())

    def forget(self) -> None:
        """Everything is published anew."""
        self._last.clear()
        self._segments.clear()
        self._totals.clear()
        self._waiting.clear()
        self._old.clear()
        self._moment = ()

    @property
    def waiting(self) -> int:
        """How many KPIs have segments that changed and were not made."""
        return len(self._waiting)

    def wanted(
        self, rows: Sequence["Kpi"], touched: Mapping[str, int], moment: tuple[Any, ...], *, parts: int
    ) -> list[Wanted]:
        """Rows that may have changed. ``parts``: about how many documents of segments to make now, the others later.

        ``touched``: measures and since which minute; ``moment``: what every document depends on, the minute of now
        first.
        """
        moved = moment != self._moment
        if moment[:1] != self._moment[:1]:
            self._forget(self._totals)
            self._old.update(row.id for row in rows)
        self._moment = moment
        bases: dict[str, int] = {}
        for measure, minute in touched.items():
            base = base_of(measure)
            bases[base] = min(minute, bases.get(base, minute))
        every = EVER if moved else min((bases[base] for base in ATTRIBUTES if base in bases), default=NEVER)
        since = {
            row.id: min(every, *(bases[base] for base in self.reads(row.id) if base in bases), NEVER) for row in rows
        }
        for kpi, minute in since.items():
            if minute < NEVER:
                self._waiting[kpi] = min(minute, self._waiting.get(kpi, NEVER))
        chosen = self._choose(parts)
        wanted = (Wanted(row, since[row.id], chosen.get(row.id, NEVER)) for row in rows)
        return [one for one in wanted if min(one.totals, one.parts) < NEVER]

    def _choose(self, parts: int) -> dict[str, int]:
        """KPIs whose segments are made now, those that wait longest first."""
        chosen = {}
        for kpi in list(self._waiting) if parts else ():
            if parts <= 0:
                break
            made = self._segments.get(kpi, {}).values()
            parts -= sum(map(len, made))
            chosen[kpi] = self._waiting.pop(kpi)
            if kpi in self._old:
                self._old.discard(kpi)
                chosen[kpi] = EVER
                for keys in made:
                    self._forget(keys)
        return chosen

    def _forget(self, keys: Iterable[Any]) -> None:
        for key in keys:
            self._last.pop(key, None)

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
            else:
                self._totals.add(key)
            content = {name: value for name, value in document.items() if name not in MOVING}
            if self._last.get(key) != content:
                self._last[key] = content
                found.append(document)
        for kpi, window in remade:
            held, now = self._segments.setdefault(kpi, {}), present.get((kpi, window), set())
            for key in held.get(window, set()) - now:
                self._last.pop(key, None)
                found.append({"kpi": kpi, "window": window, "segment": dict(key[2:]), "gone": True})
            held[window] = now
        return found
