"""What is too far, too long or too much is refused by name; what lies just inside is accepted."""

from typing import Any

import pytest

from models.bounds import AMOUNT_LIMIT, END_MS, FIRST_MS, NAME_LENGTH, PERIOD_DAYS, TRAITS_BYTES
from models.record import RawRecord, Row
from models.validate import Rejection, validate
from tests.corpus import dump
from tests.unit.models.examples import BY_RULE, EXAMPLES

NOW = 1_717_243_200_000
LONG = "x" * (NAME_LENGTH + 1)
FAR = ("0001-01-01T00:00:00Z", "0022-06-01T10:00:00Z", "1970-01-01T23:59:59Z", "9999-12-31T23:59:59Z")
NAMES = ("customer_id", "contact_id", "owner_id", "session_id", "source", "click_id", "email_hash")
ALL = {**EXAMPLES, **BY_RULE}


def send(type_: str, data: Any, timestamp: int = NOW, **attributes: Any) -> Row | Rejection:
    """What becomes of one event."""
    rows, rejections = validate([RawRecord("t", 0, 1, timestamp, None, dump(type=type_, data=data, **attributes))])
    return rows[0] if rows else rejections[0]


def refused(type_: str, data: Any, timestamp: int = NOW, **attributes: Any) -> tuple[str, str | None]:
    """(reason, field) of an event that must be refused."""
    found = send(type_, data, timestamp, **attributes)
    assert isinstance(found, Rejection), found
    return found.reason, found.field


def accepted(type_: str, data: Any, **attributes: Any) -> Row:
    """The row of an event that must be accepted."""
    found = send(type_, data, **attributes)
    assert isinstance(found, Row), found
    return found


@pytest.mark.parametrize(
    "far", ["0001-01-01T00:00:00Z", "0022-06-01T10:00:00Z", "1970-01-01T23:59:59Z", "9999-12-31T23:59:59Z"]
)
def test_a_far_date_is_refused_by_its_field(far: str) -> None:
    """Zero dates, two-digit years and year 9999 are mistakes, wherever they stand."""
    out = "time_out_of_range"
    if far < "2":
        assert refused("crm.page.viewed", {"url": "/"}, time=far) == (out, "time")
    assert refused("crm.page.viewed", {"url": "/"}, recordedtime=far) == (out, "recordedtime")
    assert refused("crm.page.viewed", {"url": "/"}, recordedtime="2024-06-01T10:00:00Z", sentat=far) == (out, "sentat")
    assert refused("crm.deal.won", {"deal_id": "d", "closed_at": far}) == (out, "closed_at")
    assert refused("crm.subscription.paused", {"subscription_id": "s", "effective_at": far}) == (out, "effective_at")
    assert refused("crm.renewal.due", {**EXAMPLES["crm.renewal.due"], "due_at": far}) == (out, "due_at")
    for field in ("period_start", "period_end"):
        cost = {**EXAMPLES["crm.cost.recorded"], field: far[:10]}
        assert refused("crm.cost.recorded", cost) == (out, field)
    assert refused("crm.fx.rate_set", {**EXAMPLES["crm.fx.rate_set"], "date": far[:10]}) == (out, "date")


def test_the_range_is_half_open() -> None:
    """From the first millisecond of 1970-01-02 to the last of 2099."""
    for text, ms in (("1970-01-02T00:00:00Z", FIRST_MS), ("2099-12-31T23:59:59.999Z", END_MS - 1)):
        assert accepted("crm.deal.won", {"deal_id": "d", "closed_at": text}).data["closed_at"] == ms
    assert refused("crm.deal.won", {"deal_id": "d", "closed_at": "2100-01-01T00:00:00Z"})[0] == "time_out_of_range"


def test_extreme_skew_is_no_way_round_the_range() -> None:
    """The corrected time counts, not those it is made of."""
    skew = {"time": "1970-01-03T00:00:00Z", "sentat": "2099-01-01T00:00:00Z", "recordedtime": "2024-06-01T10:00:00Z"}
    assert refused("crm.page.viewed", {"url": "/"}, NOW, **skew) == ("time_out_of_range", "time")


@pytest.mark.parametrize("timestamp", [0, FIRST_MS - 1, END_MS, 2**62])
def test_a_record_from_a_broken_clock_is_refused(timestamp: int) -> None:
    """With CreateTime the record's own timestamp is the producer's, too."""
    assert refused("crm.page.viewed", {"url": "/"}, timestamp) == ("time_out_of_range", "timestamp")
    assert refused("crm.page.viewed", {"url": "/"}, timestamp, time=None)[0] == "time_out_of_range"


def test_a_rejection_is_dated_in_range_or_not_at_all() -> None:
    """It is counted in panes, too."""
    for far in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        for timestamp, received in ((NOW, NOW), (-1, -1), (2**62, -1)):
            found = send("nonsense", {}, timestamp, recordedtime=far, time=far)
            assert isinstance(found, Rejection)
            assert found.received == received


@pytest.mark.parametrize(
    ("type_", "field"),
    [
        *((type_, field) for type_ in sorted(ALL) for field in NAMES),
        ("crm.deal.created", "stage"),
        ("crm.deal.created", "to_stage"),
        ("crm.deal.created", "pipeline"),
        ("crm.deal.stage_changed", "from_stage"),
        ("crm.deal.lost", "reason"),
        ("crm.cost.recorded", "channel"),
        ("crm.cost.recorded", "campaign"),
        ("crm.social.liked", "network"),
        ("crm.social.liked", "model"),
        ("crm.form.started", "form_id"),
        ("crm.record.created", "object"),
        ("crm.survey.answered", "survey_id"),
        ("crm.meeting.held", "outcome"),
        ("crm.robot.dreamt", "deal_id"),
    ],
)  # fmt: skip
def test_a_long_name_is_refused_by_its_field(type_: str, field: str) -> None:
    """256 characters, not one more: whatever may be a key or a dimension."""
    data = ALL.get(type_, {})
    assert refused(type_, {**data, field: LONG}) == ("too_long", field)
    assert accepted(type_, {**data, field: LONG[:-1]})


def test_campaigns_and_traits_are_named_by_their_path() -> None:
    """A trait is named when its name can be no person's."""
    for part in ("name", "source", "medium", "term", "content"):
        assert refused("crm.page.viewed", {"url": "/", "campaign": {part: LONG}}) == ("too_long", f"campaign.{part}")
    assert refused("crm.page.viewed", {"url": "/", "traits": {"country": LONG}}) == ("too_long", "traits.country")
    assert refused("crm.page.viewed", {"url": "/", "traits": {"ann@b.example": LONG}}) == ("too_long", "traits")
    many = {f"t{number}": "x" * 200 for number in range(TRAITS_BYTES // 200)}
    assert refused("crm.page.viewed", {"url": "/", "traits": many}) == ("too_long", "traits")


def test_a_trait_may_be_a_list_or_an_object() -> None:
    """It is kept as it came, however long its texts are."""
    traits = {"country": ["FI", "SE", LONG], "plan": {"name": LONG}}
    assert accepted("crm.email.sent", {"message_id": "m", "traits": traits}).data["traits"] == traits


def test_a_merge_joins_a_hundred() -> None:
    """Not more."""
    ids = [f"c-{number}" for number in range(101)]
    for kind in ("identified", "merged", "unmerged"):
        data = {"winner_id": "w", "customer_id": "c", "user_id": "u"}
        assert refused(f"crm.identity.{kind}", {**data, "loser_ids": ids}) == ("too_long", "loser_ids")
        assert accepted(f"crm.identity.{kind}", {**data, "loser_ids": ids[1:]})
        assert refused(f"crm.identity.{kind}", {**data, "loser_ids": 5})[0] == "wrong_type"


def test_a_cost_has_at_most_ten_years() -> None:
    """Each of its days is a pane; an end that is not given is the day of the event."""
    cost = EXAMPLES["crm.cost.recorded"]
    whole = {**cost, "period_start": "2014-01-01", "period_end": "2024-01-08"}
    assert PERIOD_DAYS == 3660
    assert accepted("crm.cost.recorded", whole)
    longer = {**whole, "period_end": "2024-01-09"}
    assert refused("crm.cost.recorded", longer) == ("period_too_long", "period_end")
    assert refused("crm.cost.recorded", {**cost, "period_end": "2099-01-01"}) == ("period_too_long", "period_end")
    assert refused("crm.cost.recorded", {**cost, "period_start": "1990-01-01"}) == ("period_too_long", "period_end")


def test_numbers_are_bounded() -> None:
    """Amounts, rates, scores, places of stages."""
    order = {"order_id": "o", "currency": "JPY"}
    assert accepted("crm.order.completed", {**order, "amount": AMOUNT_LIMIT - 1})
    assert refused("crm.order.completed", {**order, "amount": AMOUNT_LIMIT}) == ("amount_range", "amount")
    rate = {"base": "USD", "quote": "EUR"}
    for good, bad in ((1e9, 1e10), (1e-9, 9e-10)):
        assert accepted("crm.fx.rate_set", {**rate, "rate": good})
        assert refused("crm.fx.rate_set", {**rate, "rate": bad}) == ("amount_range", "rate")
    survey = {"survey_id": "s", "survey_type": "csat", "score": 1}
    assert refused("crm.survey.answered", {**survey, "scale_max": 1e300}) == ("bad_value", "scale_max")
    assert refused("crm.survey.answered", {**survey, "scale_min": -1_000_001}) == ("bad_value", "scale_min")
    stage = {"deal_id": "d", "to_stage": "demo", "stage_order": 10**9}
    assert refused("crm.deal.stage_changed", stage) == ("bad_value", "stage_order")
