"""Which answers come before and after one: so that another answer changes only what lies between its neighbours."""

from bisect import insort

from kpis.facts.nps import Answer, nps_class
from models.settings import TenantSettings

Dated = tuple[int, str, str, str]  # t, source, id, class


class AnswerOrder:
    """The answers of one id by survey, in their order."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.surveys: dict[str, list[Dated]] = {}
        self._read = 0

    def go_on(self, settings: TenantSettings) -> "AnswerOrder":
        """Read what came since."""
        for answer in self.answers[self._read :]:
            if (found := dated(answer, settings)) is not None:
                insort(self.surveys.setdefault(answer[3], []), found)
        self._read = len(self.answers)
        return self


def dated(answer: Answer, settings: TenantSettings) -> Dated | None:
    """An answer by when it was, with its class; None on a scale whose buckets nobody declared."""
    kind = nps_class(answer, settings)
    return None if kind is None else (answer[0], answer[1], answer[2], kind)
