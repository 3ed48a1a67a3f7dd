"""The examples of sales: touches to close, the funnel, abandoned leads, time in stages, answers to leads."""

from math import floor, log
from typing import Any, Final

from recount.windows import DAY, MINUTE
from tests.feed import Feed, ms
from tests.property.example_stories import JUNE, Stage

HOUR: Final = 60 * MINUTE


def about(days: float) -> float:
    """Days as a bucket of 1 % gives them back."""
    return float(1.01 ** (floor(log(days * 86_400, 1.01)) + 0.5)) / 86_400


def touches(feed: Feed) -> None:
    """Won after 4, 6 and 11 touches; half of them name the deal, the others only the customer."""
    for number, count in enumerate((4, 6, 11)):
        deal, customer = f"d{number}", f"c{number}"
        feed.add("deal.created", "2026-06-02", deal_id=deal, customer_id=customer)
        for step in range(count):
            whose = {"deal_id": deal} if step % 2 else {"customer_id": customer}
            call(feed, JUNE + (2 + step) * DAY, **whose)
        feed.add("deal.won", "2026-06-15", deal_id=deal)
        call(feed, ms("2026-06-16"), customer_id=customer)
        call(feed, ms("2026-06-01"), customer_id=customer)
        feed.add("email.sent", "2026-06-05", customer_id=customer, message_id=f"m{number}", bulk=True)


def call(feed: Feed, at: int, **whose: str) -> None:
    """A call that reached nobody."""
    data: dict[str, Any] = {"direction": "outbound", "outcome": "no_answer", **whose}
    feed.add("call.ended", at, **data)


def funnel(feed: Feed) -> None:
    """2,000 visitors, 40 leads, 20 opportunities, 4 won."""
    for number in range(2_000):
        feed.add("page.viewed", JUNE + number * MINUTE, anonymous_id=f"v{number}", url="/")
    for number in range(40):
        feed.add("lead.created", JUNE + 3 * DAY, anonymous_id=f"v{number}", lead_id=f"l{number}")
    for number in range(20):
        feed.add("deal.created", JUNE + 5 * DAY, lead_id=f"l{number}", deal_id=f"d{number}")
    for number in range(4):
        feed.add("deal.won", JUNE + 9 * DAY, deal_id=f"d{number}")


def a_view_and_no_more(feed: Feed) -> None:
    """One of the lost visitors comes back, and one deal is won of somebody who was never seen."""
    feed.add("page.viewed", JUNE + 10 * DAY, anonymous_id="v1999", url="/")
    feed.add("deal.won", JUNE + 9 * DAY, deal_id="offline", customer_id="c")


def leads(feed: Feed) -> None:
    """200 open leads, 30 of them without a touch for more than 14 days; 20 more are none any longer."""
    for number in range(220):
        feed.add("lead.created", "2026-05-20", lead_id=f"l{number}")
        call(feed, ms("2026-06-05") if number < 30 else ms("2026-06-06T12:00:00Z"), lead_id=f"l{number}")
    for number in range(200, 220):
        verb = "converted" if number < 210 else "disqualified"
        feed.add(f"lead.{verb}", "2026-05-25", lead_id=f"l{number}", deal_id=f"d{number}")


def unconverted(feed: Feed) -> None:
    """10 of these are leads again: their last touch is young."""
    for number in range(200, 210):
        feed.add("lead.unconverted", "2026-05-30", lead_id=f"l{number}", deal_id=f"d{number}")


def won_early(feed: Feed) -> None:
    """Version 3 is won; of the stage in between nothing is known yet."""
    feed.add("deal.created", "2026-06-01", deal_id="d", stage="qualification")
    feed.add("deal.won", "2026-06-10", deal_id="d", version=3)


def late_proposal(feed: Feed) -> None:
    """Version 2 arrives late."""
    feed.add("deal.stage_changed", "2026-06-04", received="2026-06-12", deal_id="d", version=2, to_stage="proposal")


def back_and_forth(feed: Feed) -> None:
    """Two days, three days, and one so far, in the same stage."""
    feed.add("deal.created", "2026-06-01", deal_id="d", stage="demo")
    feed.add("deal.stage_changed", "2026-06-03", deal_id="d", from_stage="demo", to_stage="offer")
    feed.add("deal.stage_changed", "2026-06-05", deal_id="d", from_stage="offer", to_stage="demo")
    feed.add("deal.lost", "2026-06-08", deal_id="d")
    feed.add("deal.reopened", "2026-06-19", deal_id="d")


def won_twice(feed: Feed) -> None:
    """Two deals are won in June, 800 and 500; a third is moved to a stage that means won, in an update."""
    for deal, amount in (("kept", 80_000), ("gone", 50_000)):
        feed.add("deal.created", "2026-06-09", deal_id=deal, stage="Demo")
        feed.add("deal.won", "2026-06-05", deal_id=deal, amount=amount, currency="EUR")
    feed.add("deal.created", "2026-06-02", deal_id="moved", stage="Demo")
    feed.add("deal.updated", "2026-06-12", deal_id="moved", stage="Closed Won", amount=20_000, currency="EUR")


def merged_then_won(feed: Feed) -> None:
    """One is merged into the other, and a copy of its win comes late."""
    feed.add("deal.merged", "2026-06-13", deal_id="gone", into_deal_id="kept")
    feed.add("deal.won", "2026-06-14", deal_id="gone", amount=50_000, currency="EUR")


def closed_in_may(feed: Feed) -> None:
    """The first was closed in May, its CRM says later; an edit names the stage again."""
    feed.add("deal.updated", "2026-06-15", deal_id="kept", closed_at=ms("2026-05-28T10:00:00Z"))
    feed.add("deal.updated", "2026-06-16", deal_id="moved", stage="closed won", owner_id="anna")


def deleted(feed: Feed) -> None:
    """The other one is deleted: what comes for it afterwards does not bring it back, but for a reopening."""
    feed.add("deal.deleted", "2026-06-17", deal_id="moved")
    feed.add("deal.stage_changed", "2026-06-18", deal_id="moved", to_stage="Demo")


def back_again(feed: Feed) -> None:
    """It is opened again."""
    feed.add("deal.reopened", "2026-06-19", deal_id="moved")


def answers(feed: Feed) -> None:
    """Answered after one, two and four hours, one before it came, one not at all; the first gets three more touches."""
    for number, hours in enumerate((1, 2, 4)):
        feed.add("lead.created", "2026-06-08T08:00:00Z", lead_id=f"l{number}")
        feed.add("lead.contacted", ms("2026-06-08T08:00:00Z") + hours * HOUR, lead_id=f"l{number}")
    for day in (10, 11, 12):
        call(feed, JUNE + day * DAY, lead_id="l0")
    feed.add("lead.converted", JUNE + 13 * DAY, lead_id="l0", deal_id="d")
    call(feed, JUNE + 14 * DAY, lead_id="l0")
    feed.add("lead.created", "2026-06-08", lead_id="early")
    call(feed, ms("2026-06-07"), lead_id="early")
    feed.add("lead.created", "2026-06-08", lead_id="silent")


STEPS: Final = {"visitor": 1.0, "lead": 0.02, "opportunity": 0.5, "won": 0.2}
FUNNEL: Final = {"sales_funnel": 0.002, **{f"sales_funnel[step={step}]": value for step, value in STEPS.items()}}
COHORT: Final = {name.replace("sales_funnel", "sales_funnel_cohort"): value for name, value in FUNNEL.items()}
SALES_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "touches to close": [
        Stage(touches, "month", "2026-06-20", {"touches_to_close": 7.0, "touches_to_close_median": 6.0}),
    ],
    "sales funnel": [
        Stage(funnel, "month", "2026-06-20", FUNNEL | COHORT),
        Stage(a_view_and_no_more, "month", "2026-06-20", {
            "sales_funnel": 0.0025, "sales_funnel[step=won]": 0.25, "sales_funnel_cohort[step=won]": 0.2,
        }),
    ],
    "abandoned leads": [
        Stage(leads, "all", "2026-06-20T00:15:00Z", {"lead_abandonment_rate": 0.15}),
        Stage(unconverted, "all", "2026-06-20T00:15:00Z", {"lead_abandonment_rate": 30 / 210}),
    ],
    "scenario 8, stages": [
        Stage(won_early, "month", "2026-06-20", {
            "win_rate": 1.0, "time_in_stage": about(9), "time_in_stage[stage=qualification]": about(9),
        }),
        Stage(late_proposal, "month", "2026-06-20", {
            "win_rate": 1.0, "time_in_stage[stage=qualification]": about(3), "time_in_stage[stage=proposal]": about(6),
            "time_in_stage_mean": 4.5, "time_in_stage.late_revised": 1, "time_in_stage[stage=proposal].late_revised": 1,
        }),
    ],
    "deals as CRMs tell them": [
        Stage(won_twice, "month", "2026-06-20", {"closed_won_deals": 3, "closed_won_value": "1500.00"}),
        Stage(merged_then_won, "month", "2026-06-20", {"closed_won_deals": 2, "closed_won_value": "1000.00"}),
        Stage(closed_in_may, "month", "2026-06-20", {"closed_won_deals": 1, "closed_won_value": "200.00"}),
        Stage(deleted, "month", "2026-06-20", {"closed_won_deals": 0, "open_pipeline": 0}),
        Stage(back_again, "month", "2026-06-20", {"closed_won_deals": 0, "open_pipeline": 1}),
    ],
    "time in stages": [
        Stage(back_and_forth, "month", "2026-06-20T06:00:00Z", {
            "time_in_stage[stage=demo]": about(5), "time_in_stage_latest[stage=demo]": about(3),
            "time_in_stage_mean[stage=demo]": 5.0, "time_in_stage_open[stage=demo]": about(1.25),
            "time_in_stage_open": about(1.25),
        }),
    ],
    "answers": [
        Stage(answers, "month", "2026-06-20", {
            "speed_to_lead": (about(1 / 24) + about(2 / 24)) * 43_200, "speed_to_lead.open": 1, "speed_to_lead.n": 4,
            "speed_to_lead_business": (about(1 / 24) + about(2 / 24)) * 43_200, "follow_ups_per_lead": 0.6,
        }),
    ],
}  # fmt: skip
