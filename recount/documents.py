"""Turns figures into the documents that the product must publish."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from models.settings import TenantSettings
from recount.catalogue import rows_of
from recount.facts import Fact, Figure, Item, accept, placed
from recount.money import decimal_text
from recount.quality import Attributes, Types
from recount.row import KpiRow
from recount.targets import attainment, is_lower_better
from recount.tenant import Tenant
from recount.windows import ALL_WINDOWS, Window, window

Document = dict[str, Any]
Key = tuple[str, str, tuple[tuple[str, str], ...]]
OTHER: Final = "__other__"
SHORT_WINDOWS: Final = ("15m", "1h", "24h")
CHANNELLED: Final = ("acquisition", "marketing")
MONEY_UNITS: Final = ("money", "money/day")
COUNTED_PARTS: Final = ("bad_interval", "orphan", "open", "closed")


def recount(
    items: Iterable[Item],
    settings: TenantSettings,
    as_of: int,
    *,
    hide: bool = False,
    windows: Collection[str] = ALL_WINDOWS,
    kpis: Collection[str] | None = None,
) -> dict[Key, Document]:
    """Count every KPI of one tenant from its rows and refusals in journal order.

    ``as_of``: ms UTC, exclusive. With ``hide``, events at or after it are ignored, as in a history load without a
    server; without, past windows use everything known now, as a running worker does. ``windows`` and ``kpis`` restrict
    the result.
    """
    return Recount(items, settings, hide_from=as_of if hide else None).documents(as_of, windows, kpis)


class Recount:
    """One tenant counted once, for several as-ofs. ``hide_from`` (ms): events at or after it are ignored."""

    def __init__(self, items: Iterable[Item], settings: TenantSettings, *, hide_from: int | None = None) -> None:
        self.tenant = Tenant(accept(placed(items, settings.tz), hide_from), settings)
        self.rows = rows_of(self.tenant)
        self.cached: dict[tuple[Types, str | None], Attributes] = {}

    def documents(
        self, as_of: int, windows: Collection[str] = ALL_WINDOWS, kpis: Collection[str] | None = None
    ) -> dict[Key, Document]:
        """The documents at one as-of."""
        found: dict[Key, Document] = {}
        for row in self.rows:
            for name in row.windows:
                if name in windows and (kpis is None or row.id in kpis):
                    at = window(name, as_of, self.tenant.zone, self.tenant.first)
                    for document in Writer(row, self.tenant, self.attributes(row), at, as_of).documents():
                        found[key(document)] = document
        return found

    def attributes(self, row: KpiRow) -> Attributes:
        """Late and robot events of a row's types."""
        kind, tenant = (row.types, row.segments), self.tenant
        if kind not in self.cached:
            self.cached[kind] = Attributes(
                tenant.rows, row.types, tenant.is_late, tenant.is_robot,
                lambda event: tenant.event_dims(row.segments, event), tenant.received, tenant.counts_late,
            )  # fmt: skip
        return self.cached[kind]


def key(document: Document) -> Key:
    """A document's identity within its tenant."""
    return document["kpi"], document["window"], tuple(sorted(document["segment"].items()))


def instant_text(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Writer:
    """Writes the documents of one KPI and window."""

    def __init__(self, row: KpiRow, tenant: Tenant, attributes: Attributes, at: Window, as_of: int) -> None:
        self.row, self.tenant, self.attributes, self.window, self.as_of = row, tenant, attributes, at, as_of
        self.lists = [pick(at) for pick in row.lists]
        self.late = attributes.late_in(at) if row.kind == "E" else []

    def documents(self) -> Iterator[Document]:
        """The total, then the segments."""
        if self.row.total:
            yield self.document({}, self.whole(), sum(fact.what for fact in self.late))
        for value, figure, types in self.row.steps(self.window) if self.row.steps else ():
            if something(figure):
                late = sum(fact.what for fact in self.tenant_late(types)) if self.row.kind == "E" else 0
                yield self.document({self.row.vector: value}, figure, late)
        if self.window.name in self.row.segment_windows:
            for dimension in self.tenant.dimensions(self.row.segments):
                yield from self.segments(dimension)
        elif self.window.name in SHORT_WINDOWS and self.row.segments in CHANNELLED:
            yield from self.segments("channel")

    def tenant_late(self, types: Types) -> list[Fact]:
        """Late events of some types in the window."""
        tenant = self.tenant
        return Attributes(
            tenant.rows, types, tenant.is_late, tenant.is_robot, lambda event: {}, (), tenant.counts_late
        ).late_in(self.window)

    def whole(self) -> Figure:
        """The total; a count or sum of events that were never sent is unknown."""
        figure = self.row.figure(self.window) if self.row.of_all else self.row.formula(*self.lists)
        sent = self.attributes.sent or (self.row.kind == "Q" and self.tenant.received_anything)
        if not self.row.thin and not sent:
            return Figure(None, None, None, 0)
        return figure

    def segments(self, dimension: str) -> Iterator[Document]:
        """One document per value; values beyond the cap are combined into one."""
        grouped = [group(facts, dimension) for facts in self.lists]
        late = {value: len(facts) for value, facts in group(self.late, dimension).items()}
        values = {value for groups in grouped for value in groups}
        figures = {value: self.row.formula(*(groups.get(value, []) for groups in grouped)) for value in values}
        order = sorted(values, key=lambda value: (-figures[value].n, -(figures[value].numerator or 0), value))
        order = [value for value in order if something(figures[value])]
        known = self.row.segments == "channel"  # the channels of touches are few, and not free text
        cap = len(order) if known else self.tenant.settings.segment_cap
        own = [value for value in order if value != OTHER]
        for value in own[:cap]:
            yield self.document({dimension: value}, figures[value], late.get(value, 0))
        if rest := [*own[cap:], *(value for value in order if value == OTHER)]:
            lists = [[fact for value in rest for fact in groups.get(value, [])] for groups in grouped]
            together = self.row.formula(*lists)
            yield self.document({dimension: OTHER}, together, sum(late.get(value, 0) for value in rest))

    def document(self, segment: dict[str, str], figure: Figure, late: int) -> Document:
        """One document."""
        row, at = self.row, self.window
        found: Document = {
            "kpi": row.id,
            "window": at.name,
            "segment": segment,
            "value": self.printed(figure.value, row.unit in MONEY_UNITS),
            "unit": row.unit,
            "numerator": self.printed(figure.numerator, self.sides[0]),
            "denominator": self.printed(figure.denominator, self.sides[1]),
            "n": figure.n,
            "status": self.status(figure),
            "state": "live" if not at.complete else "corrected" if late else "final",
            "start": instant_text(at.start),
            "end": instant_text(at.end),
            "tz": self.tenant.settings.tz,
            "as_of": instant_text(self.as_of),
            "late_revised": late,
        }
        found |= self.optional(segment, figure)
        return found | self.aimed(segment, figure, found.get("parts"))

    def aimed(self, segment: dict[str, str], figure: Figure, parts: Document | None) -> Document:
        """The target of the document, if there is one, and what was reached of it."""
        row, targets = self.row, self.tenant.targets
        target = targets.of(row.id, self.window.name, segment)
        if target is None:
            return {}
        lower, money = is_lower_better(row.id), row.unit in MONEY_UNITS
        reached = attainment(figure.value, target.value, lower=lower)
        found: Document = {
            "value": self.printed(target.value, money),
            "since": None if target.since is None else instant_text(target.since),
            "attainment": None if reached is None else float(reached),
        }
        gone = targets.gone(self.window)
        if row.thin or row.kind in ("S", "L") or not gone:
            return {"target": found}
        pace = attainment(figure.value, target.value * gone, lower=lower)
        projection = self.printed(None if figure.value is None else Fraction(figure.value) / gone, money)
        found |= {"elapsed": float(gone), "pace": None if pace is None else float(pace), "projection": projection}
        return {"target": found, "parts": {**(parts or {}), "projection": projection}}

    @property
    def sides(self) -> tuple[bool, bool]:
        """Whether numerator and denominator are money."""
        return self.row.money_sides or {"money": (True, True), "money/day": (True, False)}.get(
            self.row.unit, (False, False)
        )

    def optional(self, segment: dict[str, str], figure: Figure) -> Document:
        """Fields that are present only where they apply."""
        found: Document = {}
        if figure.parts:
            money = self.row.money_parts
            found["parts"] = {name: self.printed(part, name in money) for name, part in figure.parts.items()}
        if figure.open is not None:
            found["open"] = figure.open
        if figure.bound is not None:
            found["bound"] = self.printed(figure.bound, self.row.unit == "money")
        if figure.unpriced:
            found["unpriced"] = figure.unpriced
        if not segment and self.row.robots and (excluded := self.attributes.excluded(self.window)):
            found["excluded"] = excluded
        if figure.margin is not None:
            found["margin"] = figure.margin
        if any(self.sides):
            found["currency"] = self.tenant.settings.currency
        return found

    def status(self, figure: Figure) -> str:
        """The first status that applies."""
        first = self.tenant.first
        early = self.window.name != "all" and self.row.kind != "S" and first is not None and self.window.start < first
        if figure.mixed:
            return "partial"
        if figure.value is None:
            return "no_data"
        if early or figure.unpriced:
            return "partial"
        return "low_n" if self.row.thin and figure.n < self.tenant.settings.low_n else "ok"

    def printed(self, value: Any, money: bool) -> Any:
        """A number in its unit's notation: money as text, whole counts as they are, quotients as floats."""
        if value is None:
            return None
        if money:
            return decimal_text(Fraction(value), self.tenant.settings.currency)
        return float(value) if isinstance(value, Fraction) else value


def group(facts: Sequence[Fact], dimension: str) -> dict[str, list[Fact]]:
    """Facts by their value of a dimension; facts without one are left out."""
    found: dict[str, list[Fact]] = {}
    for fact in facts:
        if dimension in fact.dims:
            found.setdefault(fact.dims[dimension], []).append(fact)
    return found


def something(figure: Figure) -> bool:
    """Whether a segment has anything to show."""
    counts = [figure.n, figure.numerator, figure.denominator, figure.unpriced, figure.open]
    return any(counts) or any(figure.parts.get(name) for name in COUNTED_PARTS)
