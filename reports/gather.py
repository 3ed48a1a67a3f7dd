"""The edge: reads what a report shows from Redis, and segments of a day or week from the worker that knows them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from reports.numbers import Document, Gathered, Key, NotReady, ReportError, Told, from_point, key, of_section
from reports.report import ROWS, Breakdown, Report
from reports.schedule import Period
from sinks.base import Point, Status
from sinks.query import QueryRefused, QueryUnavailable

BEFORE: Final = 13  # buckets of a chart, the period's own included


class Reader(Protocol):
    """What of `sinks.read.RedisReader` is used. Every method raises `SinkUnavailable`."""

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are, or None when it was never published."""
        ...

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """The documents of a window that have no segment."""
        ...

    async def segments(self, tenant: str, kpi: str, window: str) -> list[dict[str, Any]]:
        """The documents of a KPI's segments in a window."""
        ...

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> Mapping[str, Mapping[str, Point]]:
        """KPI -> bucket -> point, of what is over."""
        ...


class Asks(Protocol):
    """Questions that a worker answers: `sinks.query.QueryClient`."""

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """The answer. Raises `QueryRefused`, `QueryUnavailable`."""
        ...


async def gather(
    report: Report, period: Period, zone: ZoneInfo, reader: Reader, asks: Asks, told: Told | None = None
) -> Gathered:
    """The numbers of a period. ``zone``: the tenant's.

    Raises `NotReady` when they are not complete yet, `ReportError` for what is never published, and `SinkUnavailable`.
    """
    end = period.end(zone)
    as_of = _complete(report.tenant, await reader.status(report.tenant), end)
    found = _Gathering(report, period, end, reader, asks)
    await found.read()
    totals = {key(kpi, {}): document for kpi in report.kpis() if (document := found.total(kpi)) is not None}
    wanted = [one for section in report.sections if section.segment for one in of_section(section)]
    parts = {one: await found.part(one) for one in wanted}
    breakdowns = {one: await found.breakdown(one) for one in report.breakdowns}
    documents = totals | {one: document for one, document in parts.items() if document is not None}
    return Gathered(period, zone, as_of, documents, found.charts(), breakdowns, told)


def _complete(tenant: str, status: Status | None, end: datetime) -> datetime:
    if status is None:
        raise NotReady(f"nothing is published for tenant {tenant} yet")
    if status.catching_up is not None:
        raise NotReady(f"history of {tenant} is being counted ({status.catching_up:.0%}): its numbers are not final")
    checked = datetime.fromtimestamp(status.checked / 1000, UTC)
    if checked < end:
        raise NotReady(f"numbers of {tenant} are of {checked:%Y-%m-%dT%H:%MZ}, the period ends {end:%Y-%m-%dT%H:%MZ}")
    return checked


class _Gathering:
    """One report being read."""

    def __init__(self, report: Report, period: Period, end: datetime, reader: Reader, asks: Asks) -> None:
        self._report, self._period, self._end, self._reader, self._asks = report, period, end, reader, asks
        self._step = period.every  # histories have steps of the same names
        self._documents: dict[str, dict[str, Any]] = {}
        self._histories: Mapping[str, Mapping[str, Point]] = {}
        self._series: dict[str, Mapping[str, Point]] = {}

    async def read(self) -> None:
        """All totals and their histories, in two round trips."""
        tenant, kpis = self._report.tenant, self._report.kpis()
        self._documents = {one["kpi"]: one for one in await self._reader.snapshot(tenant, self._report.window)}
        self._histories = await self._reader.histories(tenant, kpis, self._step)

    def total(self, kpi: str) -> Document | None:
        """A total of the period: as published, of an earlier one as its history has it; None: it is not published."""
        document = self._documents.get(kpi)
        if document is not None and self._is_of(document):
            return document
        history = self._histories.get(kpi, {})
        if (point := history.get(self._period.name)) is not None:
            return from_point(kpi, point, history.get(self._period.before().name), {}, self._currency(kpi))
        if document is not None and datetime.fromisoformat(document["end"]) < self._end:
            raise NotReady(f"{kpi} of {self._report.tenant} is still published of the {self._period.every} before")
        if document is not None:
            raise ReportError(f"{kpi}: its history does not reach back to {self._period.name}")
        return None

    async def part(self, wanted: Key) -> Document | None:
        """The number of a segment; None: it has none."""
        kpi, ((dimension, value),) = wanted
        if found := await self._of_dimension(kpi, dimension):
            return next((one for one in found if one["segment"][dimension] == value), None)
        lines = await self._lines(kpi, segment={dimension: value})
        return lines[0][1] if lines else None

    async def breakdown(self, wanted: Breakdown) -> list[tuple[str, Document]]:
        """The largest segments of a dimension, those without a value left out."""
        kpi, dimension = wanted.kpi, wanted.dimension
        found: list[tuple[str, Document]] = [
            (one["segment"][dimension], one) for one in await self._of_dimension(kpi, dimension)
        ]
        if not found:
            found = await self._lines(kpi, dimension=dimension)
        known = [pair for pair in found if pair[1]["value"] is not None and pair[1]["n"]]
        return sorted(known, key=lambda pair: (-float(pair[1]["value"]), pair[0]))[: wanted.most]

    def charts(self) -> dict[str, dict[str, Point]]:
        """The last buckets of the KPIs that are drawn, up to the period."""
        names = [self._period.before(many).name for many in range(BEFORE - 1, 0, -1)] + [self._period.name]
        drawn = {kpi for one in self._report.sections if one.charts and not one.segment for kpi in one.kpis}
        drawn.add(self._report.headline)
        every = {kpi: self._histories.get(kpi, {}) for kpi in drawn}
        return {kpi: {name: held[name] for name in names if name in held} for kpi, held in every.items()}

    def _published(self, kpi: str) -> bool:
        return self._report.window in ROWS[kpi].segment_windows

    def _is_of(self, document: Document) -> bool:
        return datetime.fromisoformat(document["end"]) == self._end

    def _currency(self, kpi: str) -> str | None:
        currency: str | None = self._documents.get(kpi, {}).get("currency")
        return currency

    async def _of_dimension(self, kpi: str, dimension: str) -> list[dict[str, Any]]:
        if not self._published(kpi):
            return []
        found = await self._reader.segments(self._report.tenant, kpi, self._report.window)
        return [one for one in found if dimension in one["segment"] and self._is_of(one)]

    async def _lines(self, kpi: str, **by: Any) -> list[tuple[str, Document]]:
        """Segments of a period that no document has: a worker knows them."""
        name = self._period.name
        asked = {"kpi": kpi, "step": self._step, "first": self._period.before().name, "last": name, **by}
        try:
            found = await self._asks.ask(self._report.tenant, "series", **asked)
        except QueryUnavailable as error:
            raise NotReady(f"{kpi} by segment of a {self._period.every}: {error}") from error
        except QueryRefused as error:
            raise ReportError(f"{kpi} by segment of a {self._period.every}: {error}") from error
        return [pair for line in found["series"] if (pair := self._line(kpi, line, found["buckets"])) is not None]

    def _line(self, kpi: str, line: Mapping[str, Any], buckets: Sequence[str]) -> tuple[str, Document] | None:
        statuses = line.get("status") or [None] * len(buckets)
        points = dict(zip(buckets, map(Point, line["values"], line["n"], statuses), strict=True))
        at = points.get(self._period.name)
        if at is None or at.n is None:
            return None
        ((_, value),) = line["segment"].items()
        at = at._replace(status=at.status or "ok")
        before = points.get(self._period.before().name)
        return value, from_point(kpi, at, before, line["segment"], self._currency(kpi))
