"""Resent responses: of one response to a survey, the latest answer wins. Rules: kpi-precise "net_promoter_score".

Survey tools send a response when it is started, and resend it when it is finished.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

Response = tuple[str, str]  # survey, response
Stamp = tuple[int, str, str]


class AnyAnswer(Protocol):
    """An answer of any kind of survey."""

    @property
    def stamp(self) -> Stamp:
        """The sort key of answers."""

    @property
    def of_response(self) -> Response | None:
        """The response it belongs to; None: it is a response by itself."""


Some = TypeVar("Some", bound=AnyAnswer)


def last_stamps(answers: Iterable[AnyAnswer]) -> dict[Response, Stamp]:
    """The latest stamp of each of a person's responses."""
    last: dict[Response, Stamp] = {}
    for answer in answers:
        if (response := answer.of_response) is not None and last.get(response, answer.stamp) <= answer.stamp:
            last[response] = answer.stamp
    return last


def is_latest(answer: AnyAnswer, last: Mapping[Response, Stamp]) -> bool:
    """Whether an answer is the latest of its response; ``last``: its person's `last_stamps`."""
    return answer.of_response is None or last[answer.of_response] == answer.stamp


def latest_answers(answers: list[Some]) -> list[Some]:
    """A person's answers without those that were resent later."""
    last = last_stamps(answers)
    return [one for one in answers if is_latest(one, last)]


def as_stored(fields: tuple[Any, ...], least: int) -> list[Any]:
    """An answer's fields without trailing None; at least the first ``least``."""
    kept = [*fields]
    while len(kept) > least and kept[-1] is None:
        kept.pop()
    return kept
