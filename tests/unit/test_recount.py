"""The recount gives the results that the examples of each KPI state."""

import pytest

from kpis.catalog import CATALOG
from kpis.catalog.inputs import INPUTS
from models.record import BOT
from models.settings import TenantSettings
from recount import recount
from recount.documents import Recount
from recount.windows import DAY, MINUTE
from tests.feed import Feed, closed, ms

JUNE, JULY = ms("2026-06-01"), ms("2026-07-01")


def visits(feed: Feed, visitors: int, sessions: int) -> None:
    """So many visitors in so many sessions."""
    for number in range(sessions):
        feed.add("page.viewed", JUNE + number, anonymous_id=f"v{number % visitors}", session_id=f"s{number}", url="/")


def subscribe(feed: Feed, name: str, at: str | int) -> None:
    """A subscription of one's own."""
    feed.add("subscription.started", at, customer_id=name, subscription_id=f"s-{name}", mrr=1000, currency="EUR")


def test_the_recount_has_every_kpi_of_the_catalogue_and_no_other() -> None:
    """Written twice on purpose; a row in one place only would be compared with nothing."""
    rows = Recount([], TenantSettings()).rows
    assert sorted(row.id for row in rows) == sorted(kpi.id for kpi in CATALOG)


def test_a_kpi_whose_inputs_are_not_named_is_refused_by_name() -> None:
    """It could be left out of what a tenant asks for, or be published late."""
    with pytest.raises(LookupError, match=r"no_such has no entry in kpis/catalog/inputs\.py"):
        INPUTS["no_such"]


def test_traffic_to_lead_is_leads_by_visitors_and_by_sessions() -> None:
    """2,000 visitors, 2,500 sessions, 40 leads."""
    feed = Feed()
    visits(feed, 2000, 2500)
    for number in range(40):
        feed.add("lead.created", JUNE + DAY, lead_id=f"l{number}")

    values = feed.values(
        ["traffic_to_lead_rate", "traffic_to_lead_rate_session", "visitors_per_lead"], "month", "2026-06-20"
    )

    assert list(values.values()) == [0.02, 0.016, 50.0]


def test_signups_are_first_ones_of_persons() -> None:
    """120 events, 5 duplicate ids, 3 of users merged into earlier ones."""
    feed = Feed()
    for number in range(115):
        feed.add("user.signed_up", JUNE + number * MINUTE, key=f"s{number}", user_id=f"u{number}")
    feed.items += feed.items[:5]
    for number in range(3):
        feed.add("identity.merged", "2026-06-05", winner_id=f"u{number}", loser_ids=[f"u{number + 100}"], entity="user")

    assert feed.get("signups", "month", "2026-06-20")["value"] == 112


def test_lead_to_opportunity_has_a_period_and_a_cohort() -> None:
    """200 leads of June; 20 of them and 10 of May's convert in June, 15 more of June's in July."""
    feed = Feed()
    for number in range(210):
        feed.add("lead.created", JUNE + (number - 10) * MINUTE, lead_id=f"l{number}")
    for number in range(45):
        at = "2026-06-20" if number < 30 else "2026-07-10"
        feed.add("lead.converted", at, lead_id=f"l{number}", deal_id=f"d{number}")

    june = feed.get("lead_to_opportunity_rate", "month", JULY, hide=True)
    cohort = [
        feed.get("lead_to_opportunity_rate_cohort", window, at, hide=True)["value"]
        for window, at in (("month", JULY), ("last_month", ms("2026-07-20")))
    ]

    assert (june["value"], june["numerator"], june["denominator"]) == (0.15, 30, 200)
    assert cohort == [0.1, 0.175]


def test_a_lead_without_deal_or_unconverted_is_no_opportunity() -> None:
    """Converting without a deal counts nothing; unconverting removes; converting again counts then."""
    feed = Feed()
    feed.add("lead.created", "2026-06-01", lead_id="a")
    feed.add("lead.converted", "2026-06-02", lead_id="a")
    feed.add("lead.converted", "2026-06-03", lead_id="a", deal_id="d")
    feed.add("lead.unconverted", "2026-06-04", lead_id="a")

    assert feed.get("lead_to_opportunity_rate", "month", "2026-06-20")["numerator"] == 0

    feed.add("lead.converted", "2026-06-08", lead_id="a", deal_id="e")
    assert feed.get("lead_to_opportunity_rate", "7d", "2026-06-10")["numerator"] == 1


def test_win_rate_by_count_value_and_with_stale_ones() -> None:
    """12 won (240 k), 18 lost (160 k), 20 open of which 5 stale."""
    feed = Feed()
    closed(feed, 12, 17, "2026-06-15", 2_000_000, 900_000)
    closed(feed, 0, 1, "2026-06-16", 0, 700_000)
    for number in range(20):
        feed.add("deal.created", "2026-01-10" if number < 5 else "2026-06-10", deal_id=f"o{number}")

    values = feed.values(["win_rate", "win_rate_value", "win_rate_incl_stale"], "month", "2026-06-20")

    assert values == {"win_rate": 0.4, "win_rate_value": 0.6, "win_rate_incl_stale": 12 / 35}


def test_closed_deals_are_those_closed_now() -> None:
    """5 won, 1 reopened, 1 told twice."""
    feed = Feed()
    closed(feed, 5, 0, "2026-06-10", 100)
    feed.items.append(feed.items[-1])
    feed.add("deal.reopened", "2026-06-12", deal_id="2026-06-10-0")

    assert feed.get("closed_won_deals", "month", "2026-06-20")["value"] == 4
    assert feed.get("open_pipeline", "month", "2026-06-20")["value"] == 1


def test_pipeline_velocity_is_four_inputs() -> None:
    """40 open × 12,000 × 0.25 / 60 days."""
    feed = Feed()
    for number in range(120):
        verb, amount = ("won", 1_200_000) if number < 30 else ("lost", 0)
        feed.add("deal.created", ms("2026-06-15") - 60 * DAY, deal_id=f"d{number}")
        feed.add(f"deal.{verb}", "2026-06-15", deal_id=f"d{number}", amount=amount, currency="EUR")
    for number in range(40):
        feed.add("deal.created", "2026-03-10", deal_id=f"o{number}")

    document = feed.get("pipeline_velocity", "month", "2026-06-20")

    assert document["value"] == "2000.00"
    assert document["parts"] == {"open": 40, "avg_won_value": "12000.00", "win_rate": 0.25, "mean_cycle_days": 60.0}
    assert (document["status"], document["n"], document["currency"]) == ("ok", 30, "EUR")


def test_sales_cycle_is_a_median_and_a_mean() -> None:
    """10, 20 and 90 days; one that was closed before it was created is left out."""
    feed = Feed()
    for days in (10, 20, 90, -3):
        feed.add("deal.created", ms("2026-06-15") - days * DAY, deal_id=f"d{days}")
        feed.add("deal.won", "2026-06-19", deal_id=f"d{days}", closed_at=ms("2026-06-15"))

    document = feed.get("sales_cycle_days", "month", "2026-06-20")

    assert (document["value"], document["n"], document["parts"]) == (20.0, 3, {"bad_interval": 1})
    assert feed.get("sales_cycle_days_mean", "month", "2026-06-20")["value"] == 40.0


def test_churn_has_three_answers_and_retention_is_a_set() -> None:
    """100 at start, 20 new, 11 left of whom 1 joined inside; 3 returned from before."""
    feed = Feed()
    for number in range(103):
        subscribe(feed, f"c{number}", "2026-01-10")
    for number in range(100, 103):
        feed.add("subscription.cancelled", "2026-02-10", subscription_id=f"s-c{number}")
        feed.add("subscription.resumed", "2026-06-12", subscription_id=f"s-c{number}")
    for number in range(20):
        subscribe(feed, f"n{number}", "2026-06-05")
    for name in (*(f"c{number}" for number in range(10)), "n0"):
        feed.add("subscription.cancelled", "2026-06-15", subscription_id=f"s-{name}")

    kpis = ["churned_customers", "churned_customers_events", "customer_churn_rate", "customer_churn_rate_stripe"]
    kpis += ["customer_churn_rate_baremetrics", "customer_retention_rate", "reactivations", "active_customers"]
    values = feed.values(kpis, "month", "2026-06-20")

    assert list(values.values()) == [10, 11, 0.1, 11 / 120, 0.11, 0.9, 3, 112]


def answers(feed: Feed, scores: dict[int, int], at: str) -> None:
    """So many answers of each score, each of its own user."""
    for score, count in scores.items():
        for number in range(count):
            feed.add(
                "survey.answered", at, user_id=f"{score}-{number}", survey_id="s", survey_type="nps", score=score
            )  # fmt: skip


def test_promoter_score_ignores_dismissals_and_keeps_the_latest_answer() -> None:
    """50 / 30 / 20 and 20 dismissed; an earlier answer of a promoter counts only in `_all`."""
    feed = Feed()
    answers(feed, {10: 50, 7: 30, 3: 20}, "2026-06-10")
    for number in range(20):
        feed.add("survey.dismissed", "2026-06-10", user_id=f"x{number}", survey_id="s", survey_type="nps")
    feed.add("survey.answered", "2026-06-05", user_id="10-0", survey_id="s", survey_type="nps", score=0)

    document = feed.get("net_promoter_score", "month", "2026-06-20")

    assert (document["value"], document["n"], document["unit"]) == (30.0, 100, "index")
    assert document["margin"] == pytest.approx(196 * ((0.7 - 0.09) / 100) ** 0.5)
    assert feed.get("net_promoter_score_all", "month", "2026-06-20")["numerator"] == 2900


def test_email_rates_tell_people_from_robots() -> None:
    """138 delivered, 47 opened by people, 41 by robots only."""
    feed = Feed()
    for number in range(138):
        feed.add("email.delivered", "2026-06-10", message_id=f"m{number}", campaign={"source": "news"})
        if number < 47:
            feed.add("email.opened", "2026-06-11", message_id=f"m{number}")
        elif number < 88:
            feed.add("email.opened", "2026-06-11", message_id=f"m{number}", flags=BOT)
    feed.add("email.clicked", "2026-06-12", message_id="m0", link_url="https://x.example/UNSUBSCRIBE?u=1")
    feed.add("email.opened", "2026-06-12", message_id="unknown")

    kpis = ["email_open_rate", "email_open_rate_raw", "email_open_rate_adjusted", "email_click_rate"]
    values = feed.values(kpis, "month", "2026-06-20")
    period = feed.get("email_open_rate_period", "month", "2026-06-20")

    assert [round(value, 4) for value in values.values()] == [0.3406, 0.6377, 0.4845, 0.0]
    assert (period["numerator"], period["parts"], period["excluded"]) == (48, {"orphan": 1}, 41)
    assert feed.get("email_open_rate", "30d", "2026-06-20", {"source": "news"})["numerator"] == 47


def test_quality_counts_what_was_received() -> None:
    """1,000 received: 12 duplicates, 3 conflicts, 5 invalid, 20 accepted late."""
    feed = Feed()
    for number in range(980):
        heard = JUNE + number + (20 * MINUTE if number < 20 else 0)
        feed.add("page.viewed", JUNE + number, key=f"p{number}", received=heard, anonymous_id="a", url="/")
    feed.items += feed.items[:12]
    for number in range(3):
        feed.add("page.viewed", JUNE + 5000, key=f"p{number}", anonymous_id="b", url="/")
    for _ in range(5):
        feed.refuse(JUNE + 7000)

    kpis = ["received", "duplicate_rate", "conflict_rate", "invalid_rate", "rejected_rate", "late_rate"]

    assert list(feed.values(kpis, "month", "2026-06-20").values()) == [1000, 0.012, 0.003, 0.005, 0.008, 0.02]


def test_links_never_join_two_customers() -> None:
    """A user linked to two customers belongs to the earlier; orders stay with the customer they name."""
    feed = Feed()
    feed.add("order.completed", "2026-06-02", order_id="1", user_id="u", amount=1, currency="EUR")
    for number, name in enumerate(("late", "early")):
        feed.add("identity.identified", f"2026-06-0{9 - number}", customer_id=name, user_id="u")
    feed.add("customer.updated", "2026-06-01", customer_id="early", source="fair", traits={"country": "FI"})

    documents = recount(feed.items, TenantSettings(), ms("2026-06-20"), windows=["30d"], kpis=["orders"])

    assert {key[2] for key in documents if key[2]} == {
        (("source", "fair"),), (("country", "FI"),), (("owner", "unknown"),)
    }  # fmt: skip


def test_values_beyond_the_cap_are_one_together() -> None:
    """With a cap of 2 the third source and on are `__other__`."""
    feed = Feed()
    for number, source in enumerate("aaabbcd"):
        feed.add("lead.created", JUNE, lead_id=f"l{number}", source=source)

    found = recount(feed.items, TenantSettings(segment_cap=2), JULY, windows=["month"], kpis=["leads"])
    by_source = {key[2][0][1]: found[key]["value"] for key in found if key[2] and key[2][0][0] == "source"}

    assert by_source == {"a": 3, "b": 2, "__other__": 2}


def test_channels_count_first_opens_clicks_and_persons() -> None:
    """A second open counts nothing; a robot's only in the raw row."""
    feed = Feed()
    for flags, day in ((BOT, 2), (0, 3), (0, 4)):
        feed.add("email.opened", f"2026-06-0{day}", message_id="m", customer_id="c", flags=flags)
    feed.add("email.clicked", "2026-06-05", message_id="m")
    feed.add("call.ended", "2026-06-05", direction="inbound", outcome="voicemail", customer_id="c")
    feed.add("page.viewed", "2026-06-05", url="/", anonymous_id="a")

    total = feed.get("engagement_by_channel", "month", "2026-06-20")
    email = feed.get("engagement_by_channel", "1h", "2026-06-05T00:30:00Z", {"channel": "email"})
    raw = feed.get("engagement_by_channel_raw", "7d", "2026-06-03", {"channel": "email"})

    assert (total["value"], total["n"], total["excluded"]) == (3, 2, 1)
    assert (email["value"], email["n"]) == (1, 1)
    assert raw["value"] == 1


def test_nothing_sent_is_not_known() -> None:
    """A count of events that were never sent is null; of events that did not happen in the window, nought."""
    feed = Feed()
    feed.add("page.viewed", "2026-06-05", url="/", anonymous_id="a")

    assert feed.get("visitors", "1h", "2026-06-20")["value"] == 0
    assert feed.get("orders", "month", "2026-06-20")["status"] == "no_data"
    assert Feed().get("received", "all", "2026-06-20")["value"] is None
