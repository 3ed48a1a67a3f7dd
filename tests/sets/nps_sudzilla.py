"""39 answers of a conference's survey as events: three questions, each a tenant of its own; nobody gave a name."""

import csv
from datetime import datetime
from typing import Final

from tests.sets.feeds import SHARED, Event, event

TABLE: Final = SHARED / "nps_sudzilla" / "responses.csv"
QUESTIONS: Final = {
    "recommend_0_10": "recommend", "opening_keynote_0_10": "opening", "closing_keynote_0_10": "closing",
}  # fmt: skip


def events() -> list[Event]:
    """Every answer, in the order of the file."""
    with TABLE.open(newline="") as file:
        lines = list(csv.DictReader(file))
    return [answer(line, column, number) for number, line in enumerate(lines) for column in QUESTIONS]


def answer(line: dict[str, str], column: str, number: int) -> Event:
    """One answer to one question."""
    at = datetime.strptime(line["Timestamp"], "%m/%d/%Y %H:%M:%S")  # noqa: DTZ007  (the set says it is UTC)
    told = {"survey_id": column, "survey_type": "nps", "score": int(line[column])}
    return event("survey.answered", f"{column}-{number}", f"{at.isoformat()}Z", **told) | {
        "tenantid": QUESTIONS[column]
    }
