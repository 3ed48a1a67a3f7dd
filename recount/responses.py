"""Repeated survey responses: of a person's answers with one ``response_id``, the last one wins."""

from collections.abc import Iterable

from models.record import Row
from recount.identity import People, moment
from recount.scales import scale_of


def responses(rows: Iterable[Row], kind: str, people: People) -> list[Row]:
    """The answers to surveys of a kind (nps, effort, csat) on a valid scale, one per ``response_id``."""
    found: dict[object, Row] = {}
    for row in sorted(rows, key=moment):
        data = row.data
        if row.type != "crm.survey.answered" or data.get("survey_type") != kind or len({*scale_of(data)}) < 2:
            continue
        if kind == "nps" and data["score"] != int(data["score"]):
            continue
        response = data.get("response_id")
        found[(row.source, row.id) if response is None else (people.person(row), data["survey_id"], response)] = row
    return list(found.values())
