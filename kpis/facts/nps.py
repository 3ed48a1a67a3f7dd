"""NPS answers: the latest of each person and survey in a window. Rules: kpi-precise "net_promoter_score"."""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.calendar.window_names import ROLLING
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import BUCKETS, Zone, bucket_after, bucket_start
from kpis.cells.deltas import Delta, leaves
from kpis.facts.responses import Response, as_stored, latest_answers
from models.tenants import TenantSettings


class Answer(NamedTuple):
    """An NPS answer of a survey, at ``time`` ms. ``scale``: as ``1-7``; None: 0 to 10.

    ``response``: the id of the response it belongs to; None: it is a response by itself.
    """

    time: int
    source: str
    id: str
    survey: str
    score: int
    scale: str | None = None
    response: str | None = None

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of answers."""
        return self.time, self.source, self.id

    @property
    def of_response(self) -> Response | None:
        """The survey and the response; None: a response by itself."""
        return None if self.response is None else (self.survey, self.response)

    def encode(self) -> list[Any]:
        """As stored: without trailing fields that are None."""
        return as_stored(self, 5)


def nps_class(answer: Answer, settings: TenantSettings) -> str | None:
    """Promoter, passive or detractor; None on a scale without declared buckets."""
    buckets = settings.nps_buckets if answer.scale is None else settings.nps_scales.get(answer.scale)
    if buckets is None:
        return None
    detractor, passive = buckets
    return "detractor" if answer.score <= detractor else "passive" if answer.score <= passive else "promoter"


def answer_deltas(answers: Iterable[Answer], settings: TenantSettings, zone: Zone) -> Iterator[Delta]:
    """The deltas of a person's NPS answers: every response, and the latest of each survey in every kind of window."""
    surveys: dict[str, list[tuple[int, str]]] = {}
    for answer in sorted(latest_answers([*answers]), key=attrgetter("stamp")):
        time, survey, kind = answer.time, answer.survey, nps_class(answer, settings)
        if kind is None:
            continue
        yield Delta(f"nps_all.{kind}", time, 1)
        surveys.setdefault(survey, []).append((time, kind))
    for dated in surveys.values():
        for at, (time, kind) in enumerate(dated):
            following = dated[at + 1][0] if at + 1 < len(dated) else FOREVER
            yield from latest_deltas(f"nps.{kind}", time, following, zone)


def latest_deltas(base: str, time: int, following: int, zone: Zone) -> Iterator[Delta]:
    """When an answer is the latest in a window: from ``time`` until the next answer or the window has passed it."""
    minute = time // MINUTE_MS
    ends = {name: leaves(name, minute, zone) for name in ROLLING}
    for bucket in BUCKETS:
        ends[bucket] = zone.midnight(bucket_after(bucket_start(zone.day(minute), bucket), bucket))
    for name, end in (ends | {"all": FOREVER // MINUTE_MS}).items():
        yield Delta(f"{base}@{name}", time, 1)
        # A calendar bucket is read from its own beginning, so it needs no delta at its end.
        if following < end * MINUTE_MS or name in ROLLING:
            yield Delta(f"{base}@{name}", min(following, end * MINUTE_MS), -1)
