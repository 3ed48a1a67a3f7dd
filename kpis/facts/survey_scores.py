"""Effort and satisfaction answers on their own scales. Rules: kpi-precise "customer_effort_score", "csat".

Scores are integers in millionths; higher is better.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

from kpis.cells.deltas import Delta
from kpis.facts.responses import Response, Stamp, as_stored
from models.record import Row

SCALES: Final = {"nps": (0, 10), "effort": (1, 7), "csat": (1, 5)}
PLAIN: Final = "0-10"  # the default scale of a promoter score
MICRO: Final = 1_000_000
BETWEEN: Final = "~"  # separates the ends of a scale in a measure's name, as either may be negative


class ScoreFact(NamedTuple):
    """A survey answer at ``time`` ms. ``survey``: effort or csat; ``scale``: its ends, ``low~high``.

    ``score`` is in millionths. ``response``: the joined ids of the survey and response it belongs to; None: it is a
    response by itself.
    """

    time: int
    source: str
    id: str
    survey: str
    scale: str
    score: int
    response: str | None = None

    @property
    def stamp(self) -> Stamp:
        """The sort key of answers."""
        return self.time, self.source, self.id

    @property
    def of_response(self) -> Response | None:
        """The kind of survey, and the response; None: a response by itself."""
        return None if self.response is None else (self.survey, self.response)

    def encode(self) -> list[Any]:
        """As stored: without ``response`` if None."""
        return as_stored(self, 6)


def micro(value: float | str) -> int:
    """A number in millionths."""
    return round(Fraction(str(value)) * MICRO)


def text_of(value: int) -> str:
    """Millionths as a decimal number."""
    whole, rest = divmod(abs(value), MICRO)
    return "-" * (value < 0) + str(whole) + f".{rest:06}".rstrip("0") * (rest > 0)


def ends(data: dict[str, Any]) -> tuple[int, int]:
    """The ends of an answer's scale, in millionths."""
    low, high = SCALES[data["survey_type"]]
    given = data.get("scale_min"), data.get("scale_max")
    return micro(low if given[0] is None else given[0]), micro(high if given[1] is None else given[1])


def scale_text(data: dict[str, Any]) -> str:
    """An answer's scale as ``1-7``."""
    return "-".join(map(text_of, ends(data)))


def score_fact(time: int, source: str, id_: str, data: dict[str, Any]) -> ScoreFact:
    """The fact of an answer; with polarity ``effort`` the score is inverted: min + max − x."""
    (low, high), score = ends(data), micro(data["score"])
    if data["survey_type"] == "effort" and data.get("polarity") == "effort":
        score = low + high - score
    given = data.get("response_id")
    response = None if given is None else f"{data['survey_id']}\0{given}"
    return ScoreFact(time, source, id_, data["survey_type"], f"{text_of(low)}{BETWEEN}{text_of(high)}", score, response)


def scale_segment(scale: str) -> str:
    """The segment of a scale."""
    return "scale=" + scale.replace(BETWEEN, "-")


def score_deltas(fact: ScoreFact) -> Iterator[Delta]:
    """The deltas of an answer, in measures of its scale."""
    low, high = map(micro, fact.scale.split(BETWEEN))
    yield Delta(f"{fact.survey}.n:{fact.scale}", fact.time, 1)
    yield Delta(f"{fact.survey}.sum:{fact.scale}", fact.time, fact.score)
    if 10 * (fact.score - low) >= 6 * (high - low):
        yield Delta(f"{fact.survey}.top:{fact.scale}", fact.time, 1)


def late_scale(row: Row) -> str | None:
    """The segment of a late answer's scale, in addition to its subject's; None for any other event."""
    if row.type != "crm.survey.answered" or row.data.get("survey_type") not in ("effort", "csat"):
        return None
    return f"scale={scale_text(row.data)}"
