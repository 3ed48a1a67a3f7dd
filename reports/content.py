"""What a mail says, in one language and in words and numbers only: HTML, text and subject are made of it alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from reports.change import Change, Target, change_of, target_of
from reports.chart import Chart
from reports.format import NOTHING, Numbers, decimal
from reports.numbers import Document, Gathered
from reports.report import ROWS, Breakdown, Language, Report, Section
from reports.safe import shown
from reports.schedule import Period
from reports.words import Words, words
from sinks.base import Point

CHARTS: Final = 8  # of a mail, the first ones: so that it stays below 100 kB


@dataclass(frozen=True)
class Figure:
    """One number. ``status``: in a word when it is not all right."""

    title: str
    value: str
    change: Change | None
    target: Target | None
    status: str = ""
    chart: Chart | None = None
    alt: str = ""


@dataclass(frozen=True)
class Part:
    """A heading with its numbers. ``note``: what to say when there are none."""

    title: str
    figures: Sequence[Figure]
    segment: str = ""


@dataclass(frozen=True)
class Bars:
    """The largest segments: name, value, and its share of the largest, 0 to 100."""

    title: str
    rows: Sequence[tuple[str, str, int]]


@dataclass(frozen=True)
class Content:
    """All of a mail."""

    language: Language
    report: str
    tenant: str
    period: str
    headline: str
    first: Figure
    parts: Sequence[Part]
    breakdowns: Sequence[Bars]
    restated: Sequence[tuple[str, str, str]] | None  # title, now, then; None: there was no report before
    restated_period: str
    as_of: str
    before: str  # key of the words for the period before


def content_of(report: Report, found: Gathered, language: Language) -> Content:
    """What the report says of gathered numbers."""
    return _Writer(report, found, words(language)).content()


class _Writer:
    def __init__(self, report: Report, found: Gathered, said: Words) -> None:
        self._report, self._found, self._words, self._numbers = report, found, said, Numbers(said)
        self._every = report.schedule.every
        self._charts = CHARTS

    def content(self) -> Content:
        first = self._figure(self._report.headline, {}, charted=True)
        told = self._found.told
        local = self._found.as_of.astimezone(self._found.zone)
        return Content(
            language=self._words.language,
            report=self._words.heading(self._report.title),
            tenant=shown(self._report.tenant),
            period=self._period(self._found.period),
            headline=self._headline(first),
            first=first,
            parts=[part for one in self._report.sections if (part := self._part(one)).figures],
            breakdowns=[self._bars(one, rows) for one, rows in self._found.breakdowns.items()],
            restated=None if told is None else self._restated(told.values),
            restated_period="" if told is None else self._period(self._found.period.before()),
            as_of=self._words("mail.as_of", time=self._numbers.moment(local), zone=self._found.zone.key),
            before=f"mail.was.{self._every}",
        )

    def _part(self, section: Section) -> Part:
        segment = "".join(
            f"{self._words.dimension(name)}: {self._words.value(value, name)}"
            for name, value in section.segment.items()
        )
        kpis = [kpi for kpi in section.kpis if section.segment or kpi != self._report.headline]
        figures = [self._figure(kpi, section.segment, charted=section.charts) for kpi in kpis]
        return Part(self._words.heading(section.title), figures, segment)

    def _figure(self, kpi: str, segment: Mapping[str, str], *, charted: bool) -> Figure:
        title, document = self._words.title(kpi), self._found.document(kpi, segment)
        history = self._found.histories.get(kpi, {}) if charted and not segment else {}
        if document is None:
            return Figure(title, NOTHING, None, None, self._words("status.absent"))
        document = {"direction": ROWS[kpi].direction, **document}
        target = target_of(document, self._words, self._numbers)
        chart = Chart.of(ROWS[kpi], history, target.value if target else None) if self._charts else None
        self._charts -= chart is not None
        return Figure(
            title=title,
            value=self._numbers.text(document.get("value"), document),
            change=change_of(document, self._words, self._numbers),
            target=target,
            status=self._status(str(document.get("status") or "ok")),
            chart=chart,
            alt=self._alt(title, document, history, target) if chart else "",
        )

    def _status(self, status: str) -> str:
        return "" if status == "ok" or not self._words.has(f"status.{status}") else self._words(f"status.{status}")

    def _alt(self, title: str, document: Document, history: Mapping[str, Point], target: Target | None) -> str:
        known = sorted(one for point in history.values() if (one := decimal(point.value)) is not None)
        low, high = self._numbers.text(known[0], document), self._numbers.text(known[-1], document)
        value = self._numbers.text(document.get("value"), document)
        text = self._words(
            f"mail.chart.{self._every}", count=len(history), title=title, low=low, high=high, value=value
        )
        return text if target is None else f"{text} {self._words('mail.chart.target', target=target.text)}"

    def _bars(self, breakdown: Breakdown, rows: Sequence[tuple[str, Document]]) -> Bars:
        kpi, dimension = breakdown.kpi, breakdown.dimension
        title = self._words(
            "mail.breakdown", title=self._words.title(kpi), dimension=_small(self._words.dimension(dimension))
        )
        largest = max((abs(float(one["value"])) for _, one in rows), default=0) or 1
        return Bars(title, [
            (self._words.value(name, dimension), self._numbers.text(one["value"], one),
             round(100 * max(float(one["value"]), 0) / largest))
            for name, one in rows
        ])  # fmt: skip

    def _restated(self, told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """Numbers of the period before whose text is another one now."""
        found = []
        for kpi in self._report.kpis():
            document = self._found.document(kpi)
            if document is None or kpi not in told or document.get("previous") is None:
                continue
            now, then = (self._numbers.text(one, document) for one in (document["previous"], told[kpi]))
            if now != then:
                found.append((self._words.title(kpi), now, then))
        return found

    def _headline(self, first: Figure) -> str:
        values: dict[str, Any] = {"title": first.title, "value": first.value}
        if first.value == NOTHING:
            return self._words("headline.none", **values)
        if (target := first.target) is not None:
            return self._words(f"headline.{('under', 'on', 'over')[target.side + 1]}", **values, gap=target.gap)
        if (change := first.change) is not None:
            way = ("down", "same", "up")[change.step + 1]
            return self._words(f"headline.{way}.{self._every}", **values, gap=change.amount)
        return self._words("headline.alone", **values)

    def _period(self, period: Period) -> str:
        first: date = period.first
        if period.every == "month":
            return self._numbers.month(first)
        return self._numbers.day(first) if period.every == "day" else self._numbers.days(first, period.last)


def _small(name: str) -> str:
    """Within a heading; abbreviations stay."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def subject_of(content: Content, said: Words) -> str:
    """The headline, and of what it is one."""
    return said("mail.subject", headline=content.headline, report=content.report, period=content.period)
