"""Responses told again: of one response to a survey the last answer holds. Rules: kpi-precise "net_promoter_score".

Survey tools send a response when it is begun and again when it is finished.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

Response = tuple[str, str]  # survey, response
Stamp = tuple[int, str, str]


class Told(Protocol):
    """An answer."""

    @property
    def stamp(self) -> Stamp:
        """What orders answers."""

    @property
    def of_response(self) -> Response | None:
        """The response it belongs to; None: one of its own."""


Some = TypeVar("Some", bound=Told)


def last_told(answers: Iterable[Told]) -> dict[Response, Stamp]:
    """When each response of a person was told last."""
    last: dict[Response, Stamp] = {}
    for answer in answers:
        if (response := answer.of_response) is not None and last.get(response, answer.stamp) <= answer.stamp:
            last[response] = answer.stamp
    return last


def holds(answer: Told, last: Mapping[Response, Stamp]) -> bool:
    """Whether an answer was not told again; ``last``: of its person, see `last_told`."""
    return answer.of_response is None or last[answer.of_response] == answer.stamp


def holding(answers: list[Some]) -> list[Some]:
    """A person's answers without those that were told again."""
    last = last_told(answers)
    return [one for one in answers if holds(one, last)]


def as_stored(fields: tuple[Any, ...], least: int) -> list[Any]:
    """The fields of an answer without those at the end that it does not have; the first ``least`` always."""
    kept = [*fields]
    while len(kept) > least and kept[-1] is None:
        kept.pop()
    return kept
