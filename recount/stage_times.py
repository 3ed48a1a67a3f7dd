"""Time in stage, from each deal's events."""

from collections.abc import Iterable, Sequence
from math import floor, inf, log
from typing import NamedTuple

from models.record import Row
from recount.deals import GONE, Deals, Stages, course
from recount.facts import Fact, Source, dated, text
from recount.windows import Window

SECOND = 1000


class StageSpan(NamedTuple):
    """A deal's time in a stage: from, to; no end while it lasts."""

    stage: str
    start: int
    end: int | None


def stage_spans(rows: Sequence[Row], stages: Stages) -> list[StageSpan]:
    """A deal's stage spans in its own event order, without those that started at an unknown time."""
    found: list[StageSpan] = []
    stage, since, running = None, None, False
    for step in course(rows, stages)[1]:
        row, state = step.row, step.state
        named = text(row.data.get("to_stage") or row.data.get("stage"))
        if state == "open" and running and named in (None, stage):
            continue
        at = None if step.at == -inf else int(step.at)
        if running:
            stage = stage or text(row.data.get("from_stage"))
            if stage and since is not None and at is not None:
                found.append(StageSpan(stage, since, at))
        running = state == "open"
        if running:
            stage, since = named or stage, at
    return [*found, StageSpan(stage, since, None)] if running and stage and since is not None else found


def bucket(seconds: int) -> int:
    """The 1 % bucket of a duration."""
    return floor(log(max(seconds, 1)) / log(1.01))


def read_back(number: int) -> float:
    """A bucket's duration in seconds."""
    return float(1.01 ** (number + 0.5))


class StageTimes:
    """The lists of stage spans that KPIs count."""

    def __init__(self, rows: Iterable[Row], deals: Deals, stages: Stages) -> None:
        by_deal: dict[str, list[Row]] = {}
        for row in rows:
            if row.type.startswith("crm.deal."):
                by_deal.setdefault(str(row.data["deal_id"]), []).append(row)
        self.spans = {
            name: stage_spans(events, stages) for name, events in by_deal.items() if deals.all[name].state not in GONE
        }
        self.totals, self.latest, self.bad = self.completed()

    def completed(self) -> tuple[Source, Source, Source]:
        """Per deal and stage left: total time in it and last time in it; and spans that end before they start."""
        totals, latest, bad = [], [], []
        for spans in self.spans.values():
            good: dict[str, list[tuple[int, int]]] = {}
            for span in spans:
                if span.end is not None and span.end >= span.start:
                    good.setdefault(span.stage, []).append((span.end, span.end - span.start))
                elif span.end is not None:
                    bad.append(Fact(span.end, {"stage": span.stage}))
            for stage, times in good.items():
                exit_, last = times[-1]
                totals.append(Fact(exit_, {"stage": stage}, sum(time for _, time in times) // SECOND))
                latest.append(Fact(exit_, {"stage": stage}, last // SECOND))
        return dated(totals), dated(latest), dated(bad)

    def open(self, window: Window) -> list[Fact]:
        """Spans open at a window's end, with their age in seconds."""
        at = window.end
        return [
            Fact(at, {"stage": span.stage}, (at - span.start) // SECOND)
            for spans in self.spans.values()
            for span in spans
            if span.start < at and (span.end is None or span.end >= at)
        ]
