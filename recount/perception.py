"""Survey answers on the promoter scale."""

from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from typing import NamedTuple

from models.record import Row
from models.settings import TenantSettings
from recount.facts import Dims, Fact, Figure, dated, ratio
from recount.identity import Moment, People, moment
from recount.responses import responses
from recount.scales import scale_text
from recount.windows import Window


class Answer(NamedTuple):
    """One answer; ``bucket`` is 1 for a promoter, 0 for a passive, -1 for a detractor."""

    person: tuple[str, str]  # and the survey
    order: Moment
    bucket: int


def buckets_of(row: Row, settings: TenantSettings) -> tuple[int, int] | None:
    """The highest detractor and passive scores of an answer's scale; None if it does not count."""
    scale = scale_text(row.data)
    return settings.nps_buckets if scale == "0-10" else settings.nps_scales.get(scale)


class Perception:
    """The promoter answers of a tenant."""

    def __init__(
        self, rows: Iterable[Row], people: People, dims: Callable[[str], Dims], settings: TenantSettings
    ) -> None:
        facts: list[Fact] = []
        for row in responses(rows, "nps", people):
            if buckets := buckets_of(row, settings):
                score = int(row.data["score"])
                bucket = -1 if score <= buckets[0] else 0 if score <= buckets[1] else 1
                answer = Answer((people.person(row), str(row.data["survey_id"])), moment(row), bucket)
                facts.append(Fact(row.time, dims(people.subject_of_person(row)), answer))
        self.answers = dated(facts)

    def latest(self, window: Window) -> list[Fact]:
        """The latest answer of each person to each survey in a window."""
        found: dict[tuple[str, str], Fact] = {}
        for fact in self.answers(window):
            before = found.get(fact.what.person)
            if before is None or before.what.order < fact.what.order:
                found[fact.what.person] = fact
        return list(found.values())


def score(answers: Sequence[Fact]) -> Figure:
    """100 × (promoters − detractors) / answers, with its 95 % margin in the same points."""
    buckets = [fact.what.bucket for fact in answers]
    total, n = sum(buckets), len(buckets)
    if not n:
        return Figure(None, 0, n, n)
    variance = sum(bucket * bucket for bucket in buckets) / n - (total / n) ** 2
    return Figure(100 * total / n, 100 * total, n, n, margin=196 * sqrt(max(variance, 0.0) / n))


def bucket_share(bucket: int) -> Callable[[Sequence[Fact]], Figure]:
    """The share of one bucket."""

    def figure(answers: Sequence[Fact]) -> Figure:
        return ratio(sum(fact.what.bucket == bucket for fact in answers), len(answers))

    return figure
