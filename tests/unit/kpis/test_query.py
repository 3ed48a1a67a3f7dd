"""Questions about one tenant: their answers, and the words with which bad ones are refused."""

import itertools
from decimal import Decimal
from typing import Any

import pytest

from kpis.catalog import CATALOG
from kpis.engine import Engine
from kpis.facts.touches import CODES
from kpis.publish.documents import Board
from kpis.query.ask import NotFound
from kpis.query.question import BY_ID, Refused
from kpis.query.series import series
from kpis.query.words import TEXTS, phrase, touch_phrase
from kpis.slices import result
from models.settings import TenantBook
from tests.feed import Feed, ms
from tests.property.test_examples import give

NOW = ms("2026-06-30T12:00:00Z")
LAST = {"01": "31T22", "02": "28T22", "03": "31T21", "04": "30T21", "05": "31T21"}  # where months end in Helsinki
MAY, JUNE = "2026-05-10T09:00:00Z", "2026-06-10T09:00:00Z"
BOOK = TenantBook.from_mapping({"tenant": {"tz": "Europe/Helsinki", "dimensions": ["tier"]}})


def story() -> Feed:
    """Two customers with deals, orders, a subscription, mail, an answer, page views."""
    feed = Feed()
    anna: dict[str, Any] = {"customer_id": "anna", "user_id": "u1"}
    feed.add("customer.created", MAY, customer_id="anna", source="web", owner_id="otto", traits={"tier": "gold"})
    feed.add("customer.created", MAY, customer_id="ben", source="fair", owner_id="pia", traits={"tier": "iron"})
    feed.add("deal.created", MAY, deal_id="d1", customer_id="anna", owner_id="otto", stage="demo")
    feed.add("deal.stage_changed", "2026-06-01T09:00:00Z", deal_id="d1", to_stage="proposal")
    feed.add("deal.won", JUNE, deal_id="d1", amount=129_050, currency="EUR", owner_id="otto", source="web")
    feed.add("deal.created", MAY, deal_id="d2", customer_id="ben", owner_id="pia")
    feed.add("deal.lost", "2026-06-11T09:00:00Z", deal_id="d2", amount=5_000, currency="EUR", source="fair")
    feed.add("order.completed", "2026-06-12T09:00:00Z", order_id="o1", amount=2_000, currency="EUR", **anna)
    feed.add("order.refunded", "2026-06-13T09:00:00Z", order_id="o1", amount=500, currency="EUR")
    feed.add("subscription.started", JUNE, subscription_id="s1", mrr=9_900, currency="EUR", customer_id="ben")
    feed.add("email.delivered", JUNE, message_id="m1", customer_id="anna")
    feed.add("email.opened", "2026-06-10T10:00:00Z", message_id="m1", customer_id="anna")
    feed.add("survey.answered", JUNE, survey_id="q", survey_type="nps", score=9, customer_id="anna")
    for day in ("01", "02", "02", "20"):
        feed.add("page.viewed", f"2026-06-{day}T08:00:00Z", url="https://x.example/pricing", **anna)
    feed.add("page.viewed", "2026-06-02T08:00:00Z", url="https://x.example/", customer_id="ben")
    feed.add("call.ended", JUNE, direction="outbound", outcome="connected", customer_id="ben")
    return feed


@pytest.fixture(scope="module")
def engine() -> Engine:
    """An engine that has counted the story."""
    found = Engine(BOOK)
    give(found, "t", story().items, 0)
    return found


def answer(engine: Engine, ask: str, **fields: Any) -> dict[str, Any]:
    """What is answered."""
    return result(engine.ask("t", NOW, {"tenant": "t", "ask": ask, **fields}))


def test_members_say_whose_they_are_and_what_they_count(engine: Engine) -> None:
    """Newest first; together they are the document's n and numerator."""
    found = answer(engine, "members", kpi="win_rate_value", window="month")
    assert [(one["id"], one["n"], one["numerator"]) for one in found["members"]] == [
        ("d2", 1, "0.00"), ("d1", 1, "1290.50"),
    ]  # fmt: skip
    assert (found["total"], found["n"], found["numerator"], found["exact"]) == (2, 2, "1290.50", True)
    assert found["members"][1] == {
        "kind": "deal", "id": "d1", "subject": "customer:anna", "owner": "otto", "source": "web", "state": "won",
        "stage": "proposal", "time": "2026-06-10T09:00:00.000Z", "amount": "1290.50", "currency": "EUR", "n": 1,
        "numerator": "1290.50",
    }  # fmt: skip


def test_members_of_a_segment_and_of_a_step(engine: Engine) -> None:
    """Only those that are in it."""
    found = answer(engine, "members", kpi="closed_won_deals", window="month", segment={"owner": "otto"})
    assert [one["id"] for one in found["members"]] == ["d1"]
    assert answer(engine, "members", kpi="closed_won_deals", window="month", segment={"owner": "pia"})["total"] == 0
    step = answer(engine, "members", kpi="sales_funnel", window="month", segment={"step": "visitor"})
    assert sorted(one["id"] for one in step["members"]) == ["customer:anna", "customer:ben"]


def test_members_of_a_page_are_its_visitors(engine: Engine) -> None:
    """Each once, with whether they converted after it: that is open for a while."""
    asked = {"kpi": "landing_page_conversion_rate", "window": "month"}
    found = answer(engine, "members", **asked, segment={"page": "/pricing"})
    (anna,) = found["members"]
    assert (found["total"], found["n"], found["numerator"]) == (1, 1, 0)
    assert (anna["kind"], anna["subject"], anna["time"]) == ("person", "customer:anna", "2026-06-20T08:00:00.000Z")
    assert (anna["n"], anna["numerator"]) == (1, 0)  # she bought more than a week after the views of 2 June


def test_members_come_in_pages(engine: Engine) -> None:
    """In the order that is asked for, none twice."""
    pages = [
        answer(engine, "members", kpi="visitors", window="month", limit=1, offset=at, order="oldest")
        for at in (0, 1, 2)
    ]
    assert [[one["id"] for one in page["members"]] for page in pages] == [["customer:ben"], ["customer:anna"], []]
    assert {page["total"] for page in pages} == {2}
    largest = answer(engine, "members", kpi="closed_won_value", window="month", order="largest")
    assert [one["id"] for one in largest["members"]] == ["d1"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ask": "everything"}, "unknown ask 'everything': use one of members"),
        ({"ask": "members", "kpi": "nps", "window": "30d"}, "unknown KPI 'nps'"),
        ({"ask": "members", "kpi": "orders", "window": "3d"}, "unknown window '3d': use one of 15m"),
        ({"ask": "members", "kpi": "csat", "window": "7d", "segment": []}, "segment: give"),
        ({"ask": "members", "kpi": "orders", "window": "7d", "segment": {"a": "b", "c": "d"}}, "one dimension"),
        ({"ask": "members", "kpi": "orders", "window": "7d", "segment": {"mood": "x"}}, "orders has no dimension mood"),
        ({"ask": "members", "kpi": "orders", "window": "1h", "segment": {"owner": "x"}}, "has no window 1h: use one"),
        ({"ask": "members", "kpi": "orders", "window": "7d", "limit": 1001}, "limit at most 1000"),
        ({"ask": "members", "kpi": "orders", "window": "7d", "limit": True}, "must be whole numbers"),
        ({"ask": "members", "kpi": "orders", "window": "7d", "order": "best"}, "unknown order 'best'"),
        ({"ask": "members", "kpi": "orders", "window": "7d", "ordr": "x"}, "members takes as_of, kpi, limit"),
        ({"ask": "members", "kpi": "received", "window": "7d"}, "see its history by day"),
        ({"ask": "members", "kpi": "rejected_rate", "window": "7d"}, "crmkpi dlq ls"),
        ({"ask": "members", "kpi": "pipeline_velocity", "window": "7d"}, "see the deals of open_pipeline"),
        ({"ask": "members", "kpi": "rfm_segment", "window": "all"}, "ask for one rfm"),
        ({"ask": "members", "kpi": "sales_funnel", "window": "all", "segment": {"step": "x"}}, "has no step 'x'"),
        ({"ask": "series", "kpi": "orders", "step": "year", "first": "2026", "last": "2026"}, "by year: use one of"),
        ({"ask": "series", "kpi": "orders", "step": "day", "first": "x", "last": "2026-01-01"}, "first: write the day"),
        ({"ask": "series", "kpi": "orders", "step": "hour", "first": "x", "last": "x"}, "first: write the hour"),
        ({"ask": "series", "kpi": "orders", "step": "day", "first": "2020-01-01", "last": "2026-01-01"}, "1 to 400"),
        ({"ask": "series", "kpi": "orders", "step": "day", "first": "2026-02-01", "last": "2026-01-01"}, "1 to 400"),
        ({"ask": "series", "kpi": "orders", "step": "day", "first": "2026-06-01", "last": "2026-06-02",
          "segment": {"owner": "__other__"}}, "adds up other values of owner in every window, so it has no series"),
        ({"ask": "cross", "kpi": "orders", "window": "30d", "rows": "owner", "columns": "owner"}, "two dimensions"),
        ({"ask": "document", "kpi": "orders", "window": "30d", "as_of": "2026-06-02T05:00:00Z"}, "must be a midnight"),
        ({"ask": "document", "kpi": "orders", "window": "30d", "as_of": "2031-01-01"}, "that is over"),
        ({"ask": "members", "kpi": "orders", "window": "30d", "as_of": "2026-06-02T05:00:00Z"}, "must be a midnight"),
        ({"ask": "timeline", "subject": 7}, "subject must be an id"),
    ],
)  # fmt: skip
def test_a_bad_question_is_refused_in_words(engine: Engine, fields: dict[str, Any], words: str) -> None:
    """They say what to write instead."""
    with pytest.raises(Refused) as refused:
        answer(engine, **fields)
    assert words in str(refused.value)


def test_what_nobody_knows_is_not_found(engine: Engine) -> None:
    """A tenant, a subject."""
    with pytest.raises(NotFound, match="nothing is known of zoe"):
        answer(engine, "timeline", subject="zoe")
    with pytest.raises(NotFound, match="unknown tenant nobody"):
        engine.ask("nobody", NOW, {"ask": "timeline"})
    assert "nobody" not in list(engine.tenants())


def test_a_timeline_tells_what_happened_newest_first(engine: Engine) -> None:
    """By any id of the subject, in words."""
    found = answer(engine, "timeline", subject="u1")
    assert (found["subject"], found["ids"]) == ("customer:anna", ["customer:anna", "user:u1"])
    assert found["traits"] == {"owner": "otto", "source": "web", "tier": "gold"}
    assert (found["owner"], found["since"], found["more"]) == ("otto", "2026-05-10T09:00:00.000Z", False)
    told = [(one["time"][:10], one["text"]) for one in found["facts"]]
    assert told == sorted(told, key=lambda one: one[0], reverse=True)
    assert {text for _, text in told} == {
        "Viewed /pricing", "Was refunded", "Ordered", "Deal won", "An email was delivered", "Opened an email",
        "Answered 9 of 0-10: would recommend us?", "Deal moved to proposal", "Deal created in stage demo",
        "Became a customer in the CRM",
    }  # fmt: skip
    assert all(one["id"] for one in found["facts"])
    won = next(one for one in found["facts"] if one["text"] == "Deal won")
    assert won == {
        "time": "2026-06-10T09:00:00.000Z", "type": "crm.deal.won", "text": "Deal won", "fact": "deal.won",
        "deal": "d1", "id": "d1", "amount": "1290.50", "currency": "EUR",
    }  # fmt: skip
    viewed = next(one for one in found["facts"] if one["text"] == "Viewed /pricing")
    assert (viewed["fact"], viewed["values"]) == ("page.viewed.path", {"path": "/pricing"})
    assert {one["text"] for one in found["facts"]} == {
        TEXTS[one["fact"]].format(**one.get("values", {})) for one in found["facts"]
    }
    cut = answer(engine, "timeline", subject="customer:anna", limit=2)
    assert (len(cut["facts"]), cut["more"]) == (2, True)


def test_what_is_told_has_a_kind_that_others_can_translate() -> None:
    """Of every touch there is; a mood stands by itself, a path with braces as it is."""
    told = {name: touch_phrase(code, -1) for name, code in CODES.items()}
    assert told["social.mentioned.positive"] == {
        "text": "Mentioned us (positive)", "fact": "social.mentioned", "mood": "positive"
    }  # fmt: skip
    for one in told.values():
        assert one["text"]
        assert "fact" not in one or one["text"].startswith(TEXTS[one["fact"]])
    assert phrase("page.viewed.path", path="/{x}")["text"] == "Viewed /{x}"


def test_an_erased_subject_has_no_timeline() -> None:
    """Neither by its id nor by what stands in its place."""
    engine, feed = Engine(BOOK), story()
    feed.add("privacy.erasure_requested", "2026-06-21T00:00:00Z", customer_id="anna")
    give(engine, "t", feed.items, 0)
    names = {engine.state("t").tenant.people.subject(raw) for raw in engine.state("t").tenant.people.touches}
    assert "customer:anna" not in names
    for name in ("anna", "u1", *(one for one in names if "erased" in one)):
        with pytest.raises(NotFound):
            answer(engine, "timeline", subject=name)


def test_a_series_is_what_documents_said_as_of_each_midnight(engine: Engine) -> None:
    """The last bucket is the running one; what is to come has no value."""
    found = answer(engine, "series", kpi="visitors", step="day", first="2026-06-01", last="2026-07-01")
    (line,) = found["series"]
    assert (found["buckets"][0], len(found["buckets"]), line["segment"]) == ("2026-06-01", 31, {})
    assert dict(zip(found["buckets"], line["n"], strict=True)) == {
        day: {"2026-06-01": 1, "2026-06-02": 2, "2026-06-20": 1, "2026-07-01": None}.get(day, 0)
        for day in found["buckets"]
    }
    assert line["values"][-2:] == [0, None]
    assert line["status"][-2:] == ["ok", None]
    for day, value in zip(found["buckets"][:-2], line["values"], strict=False):
        after = f"2026-06-{int(day[-2:]) + 1:02}"
        document = answer(engine, "document", kpi="visitors", window="today", as_of=after)
        assert document["value"] == value
    months = answer(engine, "series", kpi="net_revenue", step="month", first="2026-05", last="2026-06")
    assert (months["buckets"], months["series"][0]["values"]) == (["2026-05", "2026-06"], ["0.00", "15.00"])


def test_the_members_of_a_month_add_up_to_what_the_series_says_of_it() -> None:
    """Every movement of MRR in every month that is over, in two currencies: as of the second day after it."""
    feed = Feed()
    for number, (month, currency) in enumerate(itertools.product(range(1, 6), ("EUR", "SEK"))):
        who: dict[str, Any] = {"subscription_id": f"s{number}", "customer_id": f"c{number}", "currency": currency}
        feed.add("subscription.started", f"2026-0{month}-03T09:00:00Z", mrr=1_000 + number, **who)
        feed.add("subscription.changed", f"2026-0{month + 1}-04T09:00:00Z", mrr=700 + 100 * number, **who)
        feed.add("subscription.cancelled", f"2026-0{month + 1}-20T09:00:00Z", **who)
        again = who | {"subscription_id": f"t{number}", "mrr": 500}
        feed.add("subscription.started", f"2026-0{min(month + 2, 6)}-25T21:30:00Z", **again)
    feed.add("fx.rate_set", "2026-01-01T09:00:00Z", base="EUR", quote="SEK", rate="11.48")
    engine = Engine(BOOK)
    give(engine, "t", feed.items, 0)
    told = 0
    for kpi in ("net_new_mrr", "mrr_new", "mrr_expansion", "mrr_reactivation", "mrr_contraction", "mrr_churn"):
        found = answer(engine, "series", kpi=kpi, step="month", first="2026-01", last="2026-05")
        for month, value in zip(found["buckets"], found["series"][0]["values"], strict=True):
            after = f"2026-{int(month[-2:]) + 1:02}-02"
            members = answer(engine, "members", kpi=kpi, window="last_month", as_of=after)
            sums = sum((Decimal(one["numerator"]) for one in members["members"]), Decimal(0))
            assert abs(sums - Decimal(value)) <= Decimal("0.005") * len(members["members"])
            assert (members["numerator"], members["end"]) == (value, f"{month}-{LAST[month[-2:]]}:00:00.000Z")
            told += len(members["members"])
            explained = answer(engine, "explain", kpi=kpi, window="last_month", as_of=after)
            assert explained["document"]["value"] == value
    assert told > 30


def test_what_was_kept_has_a_series_by_segment() -> None:
    """By month of customers and of their revenue, by week of customers: whose state is counted in no window `all`."""
    feed = Feed()
    for name, owner in (("a", "ann"), ("b", "ben"), ("c", "ben")):
        feed.add("customer.created", "2026-04-01", customer_id=name, owner_id=owner)
        feed.add(
            "subscription.started", "2026-04-02", subscription_id=name, customer_id=name, mrr=1_000, currency="EUR"
        )
    feed.add("subscription.changed", "2026-05-05", subscription_id="a", mrr=800, currency="EUR")
    feed.add("subscription.cancelled", "2026-05-06", subscription_id="b")
    engine = Engine(BOOK)
    give(engine, "t", feed.items, 0)
    for kpi, step, lines in (
        ("customer_churn_rate", "month", {"ann": [0.0], "ben": [0.5]}),
        ("gross_revenue_retention", "month", {"ann": [0.8], "ben": [0.5]}),
        ("net_revenue_retention", "month", {"ann": [0.8], "ben": [0.5]}),
        ("churned_customers", "week", {"ben": [1]}),
    ):
        first = "2026-05" if step == "month" else "2026-05-04"
        found = answer(engine, "series", kpi=kpi, step=step, first=first, last=first, dimension="owner")
        assert {line["segment"]["owner"]: line["values"] for line in found["series"]} == lines, kpi


def test_a_series_by_segment_adds_up_to_the_total(engine: Engine) -> None:
    """Also of persons, of whom the cells keep no days by segment."""
    for kpi in ("visitors", "orders", "closed_won_deals"):
        whole = answer(engine, "series", kpi=kpi, step="day", first="2026-05-01", last="2026-06-30")
        parts = answer(engine, "series", kpi=kpi, step="day", first="2026-05-01", last="2026-06-30", dimension="owner")
        columns = zip(*(one["n"] for one in parts["series"]), strict=True)
        summed = [None if None in counts else sum(counts) for counts in columns]
        assert summed == whole["series"][0]["n"]
        assert sum(filter(None, summed)) > 0
    one = answer(
        engine, "series", kpi="visitors", step="week", first="2026-06-01", last="2026-06-29", segment={"tier": "gold"}
    )
    assert (one["buckets"][0], one["series"][0]["n"]) == ("2026-06-01", [1, 0, 1, 0, 0])


def test_a_series_has_what_the_tenant_counts_only() -> None:
    """Distinct counts are kept for the windows of its settings alone: elsewhere they would read as 0."""
    less = Engine(TenantBook.from_mapping({"tenant": {"tz": "Europe/Helsinki", "windows": ["week", "last_week"]}}))
    give(less, "t", story().items, 0)
    weeks = answer(less, "series", kpi="visitors", step="week", first="2026-06-01", last="2026-06-29")
    assert weeks["series"][0]["values"] == [2, 0, 1, 0, 0]
    with pytest.raises(Refused, match="no series by day is counted for this tenant: its setting windows lacks"):
        answer(less, "series", kpi="visitors", step="day", first="2026-06-01", last="2026-06-30")


def test_the_day_that_goes_on_has_a_number_only_where_it_has_a_document(engine: Engine) -> None:
    """Costs accrue by the day: of half a day nothing is said."""
    found = answer(engine, "series", kpi="customer_acquisition_cost", step="day", first="2026-06-29", last="2026-06-30")
    assert found["series"][0]["status"] == ["no_data", None]
    assert found["series"][0]["n"] == [0, None]


def test_points_of_a_series_say_when_they_are_unsure(engine: Engine) -> None:
    """As documents do: few observations, a window that begins before the first event, nothing to divide by."""
    found = answer(engine, "series", kpi="win_rate", step="month", first="2026-04", last="2026-07")
    (line,) = found["series"]
    assert line["status"] == [None, "no_data", "low_n", None]
    assert line["n"] == [None, 0, 2, None]
    counts = answer(engine, "series", kpi="new_customers", step="month", first="2026-04", last="2026-06")
    (line,) = counts["series"]
    assert (line["values"], line["status"]) == ([None, 2, 0], [None, "partial", "ok"])


@pytest.mark.parametrize(("step", "window"), [("day", "today"), ("week", "week"), ("month", "month")])
def test_a_series_of_a_segment_ends_with_what_goes_on(engine: Engine, step: str, window: str) -> None:
    """It is what a document of the segment would say in the window that goes on."""
    now, last, state = ms("2026-06-12T16:00:00Z"), "2026-06-12", engine.state("t")
    segment, board = {"owner": "otto"}, Board(state, now)
    for kpi in (BY_ID[one] for one in ("orders", "net_revenue", "closed_won_deals", "win_rate")):
        steps = series(state, now, kpi.id, step, "2026-06-01", last, segment)
        (line,) = result(steps)["series"]
        view = board.view(board.windows[window], "owner=otto")
        assert kpi.whole is not None
        document = board.document(kpi, view, segment, kpi.whole)
        shown = [line[several][-1] for several in ("values", "n", "status")]
        assert shown == [document[one] for one in ("value", "n", "status")], kpi.id
    assert result(series(state, now, "orders", step, last, last, segment))["series"][0]["values"] == [1]
    assert result(series(state, ms("2026-06-02T09:00:00Z"), "visitors", "day", "2026-06-02", "2026-06-02",
                       {"tier": "gold"}))["series"][0]["values"] == [1]  # fmt: skip


def test_hours_are_those_of_utc(engine: Engine) -> None:
    """Closed ones only."""
    found = answer(engine, "series", kpi="orders", step="hour", first="2026-06-30T10Z", last="2026-06-30T12Z")
    assert found["buckets"] == ["2026-06-30T10Z", "2026-06-30T11Z", "2026-06-30T12Z"]
    assert found["series"][0]["values"] == [0, 0, None]


def test_two_dimensions_cross(engine: Engine) -> None:
    """The rows of a cross add up to the documents of the segment."""
    found = answer(engine, "cross", kpi="win_rate", window="month", rows="owner", columns="source")
    assert (found["rows"], found["columns"]) == (["otto", "pia"], ["web", "fair"])
    assert found["cells"] == [[{"value": 1.0, "n": 1}, None], [None, {"value": 0.0, "n": 1}]]


def test_a_number_is_explained_by_what_it_is_made_of(engine: Engine) -> None:
    """The measures in the window, with their names."""
    found = answer(engine, "explain", kpi="win_rate", window="month")
    assert (found["title"], found["document"]["value"], found["members"]) == ("Win rate", 0.5, True)
    assert [(one["measure"], one["title"], one["value"]) for one in found["inputs"]] == [
        ("lost", "deals: closed as lost", 1), ("won", "deals: closed as won", 1),
    ]  # fmt: skip
    money = answer(engine, "explain", kpi="closed_won_value", window="month")["inputs"][0]
    assert (money["unit"], money["value"], money["by"]) == ("minor units", "1290.50", {"EUR": 129_050})
    plan, *_ = answer(engine, "explain", kpi="mrr", window="month")["inputs"]
    assert (plan["value"], plan["by"]) == ("99.00", {"EUR": 9_900})
    new = answer(engine, "explain", kpi="mrr_new", window="month")["inputs"][0]
    assert new["value"] == "99.00"


def test_every_kpi_is_explained(engine: Engine) -> None:
    """Each with a document, and a value of every measure."""
    for kpi in CATALOG:
        if kpi.whole is not None:
            found = answer(engine, "explain", kpi=kpi.id, window=kpi.windows[-1])
            assert all("value" in one for one in found["inputs"]), kpi.id
            assert found["document"]["kpi"] == kpi.id


def test_a_question_that_is_given_up_leaves_nothing_behind(engine: Engine) -> None:
    """What was read for it is not there when the next batch begins."""
    steps = engine.ask("t", NOW, {"ask": "members", "kpi": "active_customers", "window": "month"})
    next(steps)
    next(steps)
    steps.close()
    tenant = engine.state("t").tenant
    assert (tenant.people.retractions.cached, tenant.chains_of_batch) == ({}, {})


def test_asking_changes_nothing(engine: Engine) -> None:
    """What was counted is still the contribution of the facts, and nothing waits to be stored."""
    cells = dict(engine.state("t").tenant.cells.items())
    for kpi in ("customer_churn_rate", "visitors", "customer_engagement_score", "landing_page_conversion_rate"):
        answer(engine, "members", kpi=kpi, window="30d")
    assert dict(engine.state("t").tenant.cells.items()) == cells
    assert engine.recount("t") == []
    assert engine.finish().entries == []
