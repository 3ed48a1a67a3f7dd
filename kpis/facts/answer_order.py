"""The order of NPS answers, so that a further answer changes only the time between its neighbours."""

from bisect import insort
from typing import NamedTuple

from kpis.facts.nps import Answer, nps_class
from kpis.facts.responses import Response, Stamp, last_stamps
from models.tenants import TenantSettings


class Dated(NamedTuple):
    """A survey answer at ``time`` ms with its class (promoter, passive or detractor); sorts by time."""

    time: int
    source: str
    id: str
    nps_class: str
    response: str | None = None

    @property
    def stamp(self) -> Stamp:
        """The sort key of answers."""
        return self.time, self.source, self.id


class AnswerOrder:
    """The answers of one id by survey, sorted, and the latest stamp of each response."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.surveys: dict[str, list[Dated]] = {}
        self.last: dict[Response, Stamp] = {}
        self._read = 0

    def go_on(self, settings: TenantSettings) -> "AnswerOrder":
        """Read the answers added since the last call."""
        came = self.answers[self._read :]
        for answer in came:
            if (found := dated(answer, settings)) is not None:
                insort(self.surveys.setdefault(answer.survey, []), found)
        for response, stamp in last_stamps(came).items():
            self.last[response] = max(stamp, self.last.get(response, stamp))
        self._read = len(self.answers)
        return self


def dated(answer: Answer, settings: TenantSettings) -> Dated | None:
    """An answer with its class; None on a scale without declared buckets."""
    kind = nps_class(answer, settings)
    return None if kind is None else Dated(*answer.stamp, kind, answer.response)
