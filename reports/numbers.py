"""What a report is written from: plain data of one period, as the edge has gathered it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reports.report import ROWS, Breakdown, Section
from reports.schedule import Period
from sinks.base import Point

Document = Mapping[str, Any]
Key = tuple[str, tuple[tuple[str, str], ...]]
"""A KPI and its segment."""


class NotReady(Exception):
    """The period's numbers are not there yet; later they will be. The text says what is waited for."""


class ReportError(Exception):
    """A report that cannot be made of this tenant's numbers. The text says what to change."""


@dataclass(frozen=True)
class Told:
    """What the report before said: of which period, and KPI -> value as its document had it."""

    period: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Gathered:
    """Numbers of one tenant and period. ``as_of``: the instant up to which they are complete."""

    period: Period
    zone: ZoneInfo
    as_of: datetime
    documents: Mapping[Key, Document]
    histories: Mapping[str, Mapping[str, Point]] = field(default_factory=dict)  # of totals: bucket -> point
    breakdowns: Mapping[Breakdown, Sequence[tuple[str, Document]]] = field(default_factory=dict)
    told: Told | None = None

    def document(self, kpi: str, segment: Mapping[str, str] | None = None) -> Document | None:
        """A number, or None: it is not published."""
        return self.documents.get(key(kpi, segment or {}))


def key(kpi: str, segment: Mapping[str, str]) -> Key:
    """What a document is held by."""
    return kpi, tuple(sorted(segment.items()))


def of_section(section: Section) -> list[Key]:
    """What a section shows."""
    return [key(kpi, section.segment) for kpi in section.kpis]


def from_point(
    kpi: str, at: Point, before: Point | None, segment: Mapping[str, str], currency: str | None
) -> dict[str, Any]:
    """The document that a bucket of a history stands for: all that mails read of one. ``currency``: the tenant's."""
    row = ROWS[kpi]
    return {
        "kpi": kpi, "segment": dict(segment), "value": at.value, "unit": row.unit, "n": at.n, "status": at.status,
        "state": "final", "late_revised": 0, "direction": row.direction, "title": row.title,
        "previous": None if before is None else before.value, **({"currency": currency} if currency else {}),
    }  # fmt: skip
