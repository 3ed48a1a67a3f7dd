"""A person with many answers: exact in any order of arrival, and one more makes no other again."""

from random import Random
from typing import Any

import pytest

from kpis.cells.ledger import Contribution
from kpis.engine import Engine
from models.record import Row
from models.tenants import TenantBook
from tests.feed import Feed, ms

START = ms("2026-06-01T10:00:00Z")


def answers(random: Random, count: int) -> list[list[Any]]:
    """Two surveys answered by a user, who is a visitor, too, as is told in between; sources of the customer change."""
    feed = Feed()
    for _ in range(count):
        when = START + random.randrange(10**7) * 1000
        who = random.choice(({"user_id": "u"}, {"anonymous_id": "a"}))
        about: dict[str, Any] = {"survey_id": f"s{random.randrange(2)}", **who}
        if random.random() < 0.4:
            about["response_id"] = f"r{random.randrange(80)}"  # some are resent
        if random.random() < 0.8:
            feed.add("survey.answered", when, survey_type="nps", score=random.randrange(11), **about)
        else:
            feed.add("survey.answered", when, survey_type="csat", score=random.randrange(1, 6), **about)
        if random.random() < 0.02:
            feed.add("customer.updated", when, customer_id="c", user_id="u", owner_id=f"o{random.randrange(3)}")
        if random.random() < 0.01:
            feed.add("identity.identified", when, user_id="u", anonymous_id="a")
    rows = [row for row in feed.items if isinstance(row, Row)]
    return [list(row._replace(offset=offset)) for offset, row in enumerate(rows)]


@pytest.mark.parametrize("seed", range(5))
def test_in_any_order(seed: int) -> None:
    """In small batches, before and after the ids are linked."""
    random, engine = Random(seed), Engine(TenantBook())
    rows = answers(random, 300)
    while rows:
        size = random.choice((1, 2, 9))
        engine.apply({"topic": "x", "partition": 0, "rows": rows[:size], "refused": []}, "t", 1)
        engine.finish()
        rows = rows[size:]
        if len(rows) < 5 or random.random() < 0.05:
            assert engine.recount("t") == []


def test_one_more_answer_is_all_that_changes() -> None:
    """The person's other answers are not looked at."""
    engine, feed = Engine(TenantBook()), Feed()
    for number in range(200):
        feed.add("survey.answered", START + number, user_id="u", survey_id="s", survey_type="nps", score=number % 11)
    rows = [list(row._replace(offset=at)) for at, row in enumerate(feed.items) if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows[:-1], "refused": []}, "t", 1)
    engine.finish()
    made: list[str] = []
    ledger = engine.state("t").tenant.ledger
    of = ledger.kinds["person"]

    def noting(key: str) -> Contribution:
        made.append(key)
        return of(key)

    ledger.kinds["person"] = noting
    engine.apply({"topic": "x", "partition": 0, "rows": rows[-1:], "refused": []}, "t", 1)
    engine.finish()
    assert made == []
    assert engine.recount("t") == []
