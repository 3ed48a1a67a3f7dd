"""Stages, touches, answers to leads: what settings and missing events change, by the engine and by the recount."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from kpis.calendar.zone import zone
from kpis.cells.log_buckets import bucket, counted
from kpis.engine import Engine
from kpis.facts.deal_history import Reading
from kpis.facts.lead_response import business_ms
from kpis.facts.stages import Stay
from models.record import Row
from models.settings import TenantBook, TenantSettings
from recount import compare, recount
from recount.documents import Document, Key, key
from tests.feed import Feed, closed, ms
from tests.unit.kpis.test_deals import event

SETTINGS = TenantSettings()


def documents(feed: Feed, as_of: str, settings: TenantSettings = SETTINGS) -> dict[Key, Document]:
    """The engine's documents; they are those of a recount."""
    engine = Engine(TenantBook(settings))
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    engine.finish()
    found = engine.documents("t", ms(as_of), live=False, full=True)
    assert compare(recount(feed.items, settings, ms(as_of)), found) == []
    return {key(document): document for document in found}


def test_qualified_stages_narrow_the_velocity_and_nothing_else() -> None:
    """Of two open deals one is in a stage that counts; it left the other one before the window's end."""
    feed = Feed()
    closed(feed, 1, 0, "2026-06-15", 100)
    feed.add("deal.created", "2026-06-01", deal_id="a", stage="Demo")
    feed.add("deal.stage_changed", "2026-06-10", deal_id="a", to_stage="offer")
    feed.add("deal.created", "2026-06-01", deal_id="b", stage="demo")
    feed.add("deal.created", "2026-06-01", deal_id="c", stage="de mo", time_known=False)
    narrow = TenantSettings(qualified_stages=("demo",))
    for settings, month, whole in ((SETTINGS, 2, 3), (narrow, 1, 2)):
        found = documents(feed, "2026-06-20", settings)
        velocity = [found["pipeline_velocity", window, ()]["parts"]["open"] for window in ("month", "all")]
        assert velocity == [month, whole]
        assert found["open_pipeline", "month", ()]["value"] == 2
        assert found["pipeline_velocity_worked", "month", ()]["parts"]["open"] == 2


def test_the_plain_lead_to_opportunity_rate_follows_its_setting() -> None:
    """A lead of May converts in June, one of June does not."""
    feed = Feed()
    for lead, day in (("a", "2026-05-20"), ("b", "2026-06-02")):
        feed.add("lead.created", day, lead_id=lead)
    feed.add("lead.converted", "2026-06-05", lead_id="a", deal_id="d")
    for basis, value in (("period", 1.0), ("cohort", 0.0)):
        settings = TenantSettings.model_validate({"lead_to_opportunity_basis": basis})
        found = documents(feed, "2026-06-20", settings)
        assert found["lead_to_opportunity_rate", "month", ()]["value"] == value
        assert found["lead_to_opportunity_rate_cohort", "month", ()]["value"] == 0.0


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-06-05T15:00:00Z", "2026-06-08T08:00:00Z", 2),  # from a Friday's evening to 11 o'clock on Monday
        ("2026-06-05T12:00:00Z", "2026-06-09T07:30:00Z", 2 + 8 + 1.5),
        ("2026-03-27T15:00:00Z", "2026-03-30T07:00:00Z", 1),  # summer time began in between: 9 o'clock is 6:00Z
        ("2026-06-18T12:00:00Z", "2026-06-22T08:00:00Z", 2 + 2),  # a holiday in between
        ("2026-06-06T10:00:00Z", "2026-06-07T10:00:00Z", 0),
    ],
)
def test_working_time_is_that_of_the_local_clock(start: str, end: str, hours: float) -> None:
    """9 to 17 in Helsinki, Monday to Friday."""
    settings = TenantSettings.model_validate(
        {"tz": "Europe/Helsinki", "workdays": [1, 2, 3, 4, 5], "work_hours": ["09:00", "17:00"],
         "holidays": ["2026-06-19"]}
    )  # fmt: skip
    assert business_ms(ms(start), ms(end), settings, zone(settings.tz)) == hours * 3_600_000


def test_an_empty_stage_does_not_end_a_stay() -> None:
    """The deal was 20 days in one stage: the event without a name in their midst says nothing of it."""
    feed = Feed()
    feed.add("deal.created", "2026-06-01", deal_id="a", stage="demo")
    feed.add("deal.stage_changed", "2026-06-15", deal_id="a", stage="", to_stage="")
    feed.add("deal.lost", "2026-06-21", deal_id="a")
    found = documents(feed, "2026-07-01")["time_in_stage_latest", "all", (("stage", "demo"),)]
    assert (found["n"], found["value"]) == (1, pytest.approx(20, rel=0.005))


@pytest.mark.parametrize(
    ("events", "found"),
    [
        # the change to `offer` was never told: what is known ends with the change out of it
        ([(1, "created", {"stage": "demo"}), (5, "stage_changed", {"from_stage": "offer", "to_stage": "contract"})],
         [("demo", 1, 5), ("contract", 5, None)]),
        # a creation without a stage is named by the first change
        ([(1, "created", {}), (5, "stage_changed", {"from_stage": "demo", "to_stage": "offer"})],
         [("demo", 1, 5), ("offer", 5, None)]),
        # the same stage again goes on
        ([(1, "created", {"stage": "demo"}), (5, "stage_changed", {"to_stage": "demo"}), (7, "lost", {})],
         [("demo", 1, 7)]),
        # a reopened deal is back where it was
        ([(1, "created", {"stage": "demo"}), (5, "won", {"closed_at": 4}), (7, "reopened", {})],
         [("demo", 1, 4), ("demo", 7, None)]),
        # nobody knows when it came to its first stage
        ([(9, "created", {"stage": "demo", "time_known": False}), (5, "stage_changed", {"to_stage": "offer"})],
         [("offer", 5, None)]),
        # an empty name is none
        ([(1, "created", {"stage": "demo"}), (5, "stage_changed", {"stage": "", "to_stage": ""}), (7, "lost", {})],
         [("demo", 1, 7)]),
        # names that begin with the same 200 characters are one segment, so one stage
        ([(1, "created", {"stage": "x" * 200 + "a"}), (5, "reopened", {"stage": "x" * 200 + "b"}), (7, "lost", {})],
         [("x" * 200, 1, 7)]),
        ([(1, "created", {}), (7, "lost", {"from_stage": "x" * 201})], [("x" * 200, 1, 7)]),
    ],
)  # fmt: skip
def test_what_was_not_told_is_not_guessed(events: list[Any], found: list[Any]) -> None:
    """Stays in stages, where events are missing or repeated."""
    told = [event(time, kind, **data) for time, kind, data in events]
    stayed = [Stay(stage, start, 1 << 53 if end is None else end) for stage, start, end in found]
    assert Reading(told, SETTINGS).stays() == Reading(told[::-1], SETTINGS).stays() == stayed


def test_a_lead_links_the_deal_to_what_was_done_before_it() -> None:
    """Calls to the lead before the deal was created count; mail to many, and calls about other deals, do not."""
    feed = Feed()
    feed.add("lead.created", "2026-06-01", lead_id="l")
    feed.add("call.ended", "2026-06-02", lead_id="l", direction="outbound", outcome="busy")
    feed.add("email.sent", "2026-06-02", lead_id="l", message_id="m1")
    feed.add("email.sent", "2026-06-02", lead_id="l", message_id="m2", bulk=True)
    feed.add("lead.converted", "2026-06-05", lead_id="l", deal_id="d")
    feed.add("deal.created", "2026-06-05", deal_id="d", customer_id="c")
    feed.add("meeting.held", "2026-06-06", deal_id="other")
    feed.add("identity.identified", "2026-06-07", lead_id="l", customer_id="c")
    feed.add("deal.won", "2026-06-08", deal_id="d")
    feed.add("chat.messaged", "2026-06-08", customer_id="c", direction="inbound")
    assert documents(feed, "2026-06-20")["touches_to_close", "month", ()]["value"] == 3.0
    feed.add("identity.unmerged", "2026-06-09", lead_id="l", customer_id="c")
    assert documents(feed, "2026-06-20")["touches_to_close", "month", ()]["value"] == 1.0


def test_many_ages_are_in_the_buckets_of_each() -> None:
    """At every edge of a bucket, below the first and far beyond any deal."""
    seconds = [
        0,
        1,
        2,
        *range(3, 20_000),
        *(int(1.01**place) + step for place in range(1000, 2300) for step in (-1, 0, 1)),
    ]
    assert counted(np.array(seconds, dtype=np.int64)) == Counter(map(bucket, seconds))
