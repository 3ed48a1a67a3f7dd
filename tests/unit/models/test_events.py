"""The contract of every event type: what is required, what is kept, what is turned into what."""

from typing import Any

import pytest

from models.events import SHAPES, TOPIC_OF, TOPICS
from models.record import BOT, UNKNOWN_TYPE, UNPRICED, RawRecord, Row
from models.validate import Rejection, validate
from tests.corpus import dump
from tests.unit.models.examples import BY_RULE, EXAMPLES

ALL = {**EXAMPLES, **BY_RULE}
REQUIRED = [(type_, field) for type_, data in EXAMPLES.items() for field in data]


def send(type_: str, data: Any) -> Row | Rejection:
    """What becomes of one event."""
    rows, rejections = validate([RawRecord("t", 0, 1, 1_717_243_200_000, None, dump(type=type_, data=data))])
    return rows[0] if rows else rejections[0]


def accepted(type_: str, data: Any) -> Row:
    """The row of an event that must be accepted."""
    found = send(type_, data)
    assert isinstance(found, Row), found
    return found


def refused(type_: str, data: Any) -> tuple[str, str | None]:
    """(reason, field) of an event that must be refused."""
    found = send(type_, data)
    assert isinstance(found, Rejection), found
    return found.reason, found.field


def test_the_examples_cover_every_type() -> None:
    """No type without a test, no test without a type."""
    assert ALL.keys() == SHAPES.keys()
    assert set(TOPIC_OF.values()) == set(TOPICS)


@pytest.mark.parametrize("type_", sorted(ALL))
def test_the_smallest_good_event_is_accepted(type_: str) -> None:
    """Required fields are enough."""
    assert accepted(type_, ALL[type_]).flags == 0


@pytest.mark.parametrize(("type_", "field"), REQUIRED)
def test_each_missing_field_is_named(type_: str, field: str) -> None:
    """Left out, or null where null means nothing: the dead letter says which field."""
    data = EXAMPLES[type_]
    assert refused(type_, {key: value for key, value in data.items() if key != field}) == ("missing_field", field)
    if (type_, field) != ("crm.target.set", "value"):
        assert refused(type_, {**data, field: None}) == ("missing_field", field)


@pytest.mark.parametrize("type_", sorted(ALL))
def test_any_event_may_carry_ids_and_unknown_fields(type_: str) -> None:
    """Ids link events; fields of newer producers are kept."""
    extra = {"contact_id": "c:1", "traits": {"country": "FI"}, "bulk": True, "shoe_size": {"left": 43.5}}
    assert accepted(type_, {**ALL[type_], **extra}).data.items() >= extra.items()


def test_null_means_absent_for_optional_fields() -> None:
    """Exporters write null for what they do not have."""
    data = accepted("crm.deal.won", {"deal_id": "d", "owner_id": None, "closed_at": None, "amount": None}).data
    assert data == {"deal_id": "d"}


def test_integer_ids_become_text() -> None:
    """Two producers may write the same id as 7 and "7": one subject."""
    data = accepted("crm.page.viewed", {"url": "/", "customer_id": 7, "session_id": 1717236000}).data
    assert (data["customer_id"], data["session_id"]) == ("7", "1717236000")


@pytest.mark.parametrize("bad", ["", "a\tb", "x" * 257])
def test_ids_are_short_and_plain(bad: str) -> None:
    """No empty, hostile or endless ids."""
    assert refused("crm.page.viewed", {"url": "/", "user_id": bad})[1] == "user_id"


def test_money_is_in_minor_units_of_an_upper_case_currency() -> None:
    """Two decimals for euros, none for yen, three for dinars."""
    for currency, amount, minor in (("eur", "12.50", 1250), ("JPY", 12, 12), ("KWD", 1.005, 1005)):
        data = accepted("crm.order.completed", {"order_id": "o", "amount": amount, "currency": currency, "tax": 1}).data
        assert (data["amount"], data["currency"]) == (minor, currency.upper())


def test_an_amount_without_currency_is_left_out_and_flagged() -> None:
    """Counted, not priced."""
    row = accepted("crm.deal.won", {"deal_id": "d", "amount": 10.12345})
    assert (row.flags, row.data) == (UNPRICED, {"deal_id": "d"})
    assert refused("crm.deal.won", {"deal_id": "d", "amount": -1}) == ("negative_amount", "amount")


def test_stated_times_become_milliseconds() -> None:
    """closed_at, effective_at and due_at need an offset like time itself; a date alone stays one."""
    assert (
        accepted("crm.deal.won", {"deal_id": "d", "closed_at": "1970-01-02T02:00:00+02:00"}).data["closed_at"]
        == 86_400_000
    )
    for type_ in ("crm.deal.won", "crm.deal.created", "crm.deal.updated"):
        assert accepted(type_, {"deal_id": "d", "closed_at": "2024-02-29"}).data["closed_at"] == "2024-02-29"
        for text in ("2023-02-29", "2024-06-01T10:00:00", "01.06.2024", "20240601", ""):
            assert refused(type_, {"deal_id": "d", "closed_at": text}) == ("bad_time", "closed_at")
    for text in ("0000-00-00", "1970-01-01", "2100-01-01"):
        reason = "bad_time" if text.startswith("0") else "time_out_of_range"
        assert refused("crm.subscription.paused", {"subscription_id": "s", "effective_at": text}) == (
            reason, "effective_at",
        )  # fmt: skip


def test_a_declared_nps_scale_is_kept_with_its_own_bounds() -> None:
    """Without a declaration only whole 0 to 10; a whole number may be written 9.0."""
    answer = {"survey_id": "s", "survey_type": "nps"}
    assert accepted("crm.survey.answered", {**answer, "score": 9.0}).data["score"] == 9
    assert accepted("crm.survey.answered", {**answer, "score": 62.5, "scale_max": 100}).data["score"] == 62.5
    assert refused("crm.survey.answered", {**answer, "score": 101, "scale_max": 100}) == ("bad_value", "score")


AIM = {"kpi": "win_rate", "window": "month", "value": 0.4}


def test_a_target_is_for_a_kpi_and_window_there_are() -> None:
    """Anything else would wait for ever: the dead letter names the field."""
    assert refused("crm.target.set", {**AIM, "kpi": "wins"}) == ("bad_value", "kpi")
    assert refused("crm.target.set", {**AIM, "window": "fortnight"}) == ("bad_value", "window")
    assert refused("crm.target.set", {**AIM, "segment": {"owner": "anna", "country": "FI"}}) == ("bad_value", "segment")
    assert refused("crm.target.set", {**AIM, "segment": {"owner": ["anna"]}}) == ("wrong_type", "segment")
    assert refused("crm.target.set", {**AIM, "segment": {"owner": " "}}) == ("bad_value", "segment")
    assert refused("crm.target.set", {**AIM, "segment": {"owner": "a" * 257}}) == ("too_long", "segment")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"source": " Google "}, {"source": "google"}), ({"owner": "A\u0308nna"}, {"owner": "\u00c4nna"}),
        ({"series": 3}, {"series": "3"}), ({"vip": True}, {"vip": "true"}), ({}, {}),
    ],
)  # fmt: skip
def test_the_segment_of_a_target_is_spelt_as_documents_do(given: dict[str, object], kept: dict[str, str]) -> None:
    """Else it would be of a segment that there is not."""
    assert accepted("crm.target.set", {**AIM, "segment": given}).data["segment"] == kept


def test_rates_and_targets_are_exact_text() -> None:
    """They are multiplied later: no double on the way."""
    rate = {"base": "usd", "quote": "EUR", "rate": 0.5}
    raw = dump("fx.rate_set", rate).replace(b"0.5", b"0.9123456789012345678")
    row = validate([RawRecord("t", 0, 1, 1_717_243_200_000, None, raw)])[0][0]
    assert row.data == {"base": "USD", "quote": "EUR", "rate": "0.9123456789012345678"}
    assert accepted("crm.target.set", {**AIM, "value": None}).data["value"] is None
    assert accepted("crm.target.set", {**AIM, "value": 1e-7}).data["value"] == "0.0000001"
    assert refused("crm.fx.rate_set", {"base": "USD", "quote": "EUR", "rate": 0}) == ("bad_value", "rate")
    assert refused("crm.fx.rate_set", {"base": "USD", "quote": "nope", "rate": 1}) == ("unknown_currency", "quote")


def test_cost_periods_are_dates_in_order() -> None:
    """Both ends are inclusive local dates."""
    cost = EXAMPLES["crm.cost.recorded"]
    assert accepted("crm.cost.recorded", {**cost, "period_start": "2024-02-29", "period_end": "2024-02-29"})
    assert refused("crm.cost.recorded", {**cost, "period_end": "2023-02-29"}) == ("bad_time", "period_end")
    turned = {**cost, "period_start": "2024-02-02", "period_end": "2024-02-01"}
    assert refused("crm.cost.recorded", turned) == ("bad_value", "period_end")


def test_rules_about_several_ids() -> None:
    """One id, two ids, or a whole pair."""
    assert refused("crm.identity.identified", {"user_id": "u"}) == ("missing_field", "user_id")
    assert refused("crm.privacy.erasure_requested", {}) == ("missing_field", "customer_id")
    assert refused("crm.user.signed_up", {"customer_id": "c"}) == ("missing_field", "user_id")
    assert refused("crm.identity.unmerged", {"winner_id": "a"}) == ("missing_field", "loser_ids")
    assert refused("crm.identity.unmerged", {"loser_ids": ["a"]}) == ("missing_field", "winner_id")
    assert accepted("crm.identity.unmerged", {"user_id": "u", "lead_id": "l"})


def test_an_unknown_crm_type_is_kept_as_it_is() -> None:
    """A newer producer: money of a shape we do not know stays its own."""
    row = accepted("crm.robot.dreamt", {"amount": "many sheep", "customer_id": 5})
    assert (row.flags, row.data) == (UNKNOWN_TYPE, {"amount": "many sheep", "customer_id": "5"})


@pytest.mark.parametrize(
    ("agent", "bot"),
    [
        ("", False),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", True),
        ("python-requests/2.31.0", True),
    ],
)
def test_robots_are_flagged_by_their_user_agent(agent: str, bot: bool) -> None:
    """A crawler or a mail proxy is no human; nor is anything that says so."""
    assert bool(accepted("crm.page.viewed", {"url": "/", "user_agent": agent}).flags & BOT) is bot
    assert accepted("crm.page.viewed", {"url": "/", "user_agent": agent, "machine": True}).flags == BOT
