"""Which answers come before and after one: so that another answer changes only what lies between its neighbours."""

from bisect import insort
from typing import NamedTuple

from kpis.facts.nps import Answer, nps_class
from kpis.facts.responses import Response, Stamp, last_told
from models.tenants import TenantSettings


class Dated(NamedTuple):
    """An answer of a survey at ``time`` ms, with its class (promoter, passive or detractor); they sort by time."""

    time: int
    source: str
    id: str
    nps_class: str
    response: str | None = None

    @property
    def stamp(self) -> Stamp:
        """What orders answers."""
        return self.time, self.source, self.id


class AnswerOrder:
    """The answers of one id by survey, in their order, and when each response was told last."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.surveys: dict[str, list[Dated]] = {}
        self.last: dict[Response, Stamp] = {}
        self._read = 0

    def go_on(self, settings: TenantSettings) -> "AnswerOrder":
        """Read what came since."""
        came = self.answers[self._read :]
        for answer in came:
            if (found := dated(answer, settings)) is not None:
                insort(self.surveys.setdefault(answer.survey, []), found)
        for response, stamp in last_told(came).items():
            self.last[response] = max(stamp, self.last.get(response, stamp))
        self._read = len(self.answers)
        return self


def dated(answer: Answer, settings: TenantSettings) -> Dated | None:
    """An answer by when it was, with its class; None on a scale whose buckets nobody declared."""
    kind = nps_class(answer, settings)
    return None if kind is None else Dated(*answer.stamp, kind, answer.response)
