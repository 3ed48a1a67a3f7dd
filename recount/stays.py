"""How long deals stay in their stages, counted from each deal's events."""

from collections.abc import Iterable, Sequence
from math import floor, inf, log
from typing import NamedTuple

from models.record import Row
from recount.deals import GONE, Deals, Stages, course
from recount.facts import Fact, Source, dated, text
from recount.windows import Window

SECOND = 1000


class Stay(NamedTuple):
    """A stage and from when to when; no end while the deal is in it."""

    stage: str
    start: int
    end: int | None


def stays_of(rows: Sequence[Row], stages: Stages) -> list[Stay]:
    """The stays of a deal, in its own order of events. One that began at an unknown time is none."""
    found: list[Stay] = []
    stage, since, running = None, None, False
    for step in course(rows, stages)[1]:
        row, state = step.row, step.state
        said = text(row.data.get("to_stage") or row.data.get("stage"))
        if state == "open" and running and said in (None, stage):
            continue
        at = None if step.at == -inf else int(step.at)
        if running:
            stage = stage or text(row.data.get("from_stage"))
            if stage and since is not None and at is not None:
                found.append(Stay(stage, since, at))
        running = state == "open"
        if running:
            stage, since = said or stage, at
    return [*found, Stay(stage, since, None)] if running and stage and since is not None else found


def bucket(seconds: int) -> int:
    """The 1 % bucket of a duration."""
    return floor(log(max(seconds, 1)) / log(1.01))


def read_back(number: int) -> float:
    """A bucket's seconds."""
    return float(1.01 ** (number + 0.5))


class StageTimes:
    """The lists of stays that KPIs count."""

    def __init__(self, rows: Iterable[Row], deals: Deals, stages: Stages) -> None:
        by_deal: dict[str, list[Row]] = {}
        for row in rows:
            if row.type.startswith("crm.deal."):
                by_deal.setdefault(str(row.data["deal_id"]), []).append(row)
        self.stays = {
            name: stays_of(events, stages) for name, events in by_deal.items() if deals.all[name].state not in GONE
        }
        self.totals, self.latest, self.bad = self.completed()

    def completed(self) -> tuple[Source, Source, Source]:
        """For each deal and stage it left: all its time in it, its last time in it; and what ends before it begins."""
        totals, latest, bad = [], [], []
        for stays in self.stays.values():
            good: dict[str, list[tuple[int, int]]] = {}
            for stay in stays:
                if stay.end is not None and stay.end >= stay.start:
                    good.setdefault(stay.stage, []).append((stay.end, stay.end - stay.start))
                elif stay.end is not None:
                    bad.append(Fact(stay.end, {"stage": stay.stage}))
            for stage, times in good.items():
                exit_, last = times[-1]
                totals.append(Fact(exit_, {"stage": stage}, sum(time for _, time in times) // SECOND))
                latest.append(Fact(exit_, {"stage": stage}, last // SECOND))
        return dated(totals), dated(latest), dated(bad)

    def open(self, window: Window) -> list[Fact]:
        """The stays that go on at a window's end, with their age in seconds."""
        at = window.end
        return [
            Fact(at, {"stage": stay.stage}, (at - stay.start) // SECOND)
            for stays in self.stays.values()
            for stay in stays
            if stay.start < at and (stay.end is None or stay.end >= at)
        ]
