"""Names that look different and are one, and words that are no id at all."""

import json
from typing import Any

import pytest

from models.record import PLACEHOLDER, RawRecord
from models.texts import PLACEHOLDERS
from models.validate import validate
from tests.unit.models.test_events import accepted, refused

VIEW = {"url": "/"}
ORDER = {"order_id": "o", "amount": 1, "currency": "EUR"}


@pytest.mark.parametrize("written", ["c1 ", " c1", "\tc1\n", "\u00a0c1\u2003"])
def test_blanks_around_an_id_are_no_part_of_it(written: str) -> None:
    """Producers' exports pad their columns."""
    assert accepted("crm.order.completed", {**ORDER, "customer_id": written}).data["customer_id"] == "c1"


def test_an_id_is_compared_in_nfc() -> None:
    """macOS writes é as two characters, everybody else as one."""
    for field in ("customer_id", "owner_id", "source"):
        assert accepted("crm.order.completed", {**ORDER, field: "re\u0301ne\u0301"}).data[field] == "r\u00e9n\u00e9"
    names = {"campaign": {"name": "e\u0301te\u0301"}, "traits": {"country": "co\u0302te"}}
    data = accepted("crm.page.viewed", {**VIEW, **names}).data
    assert (data["campaign"]["name"], data["traits"]["country"]) == ("\u00e9t\u00e9", "c\u00f4te")


def test_a_source_has_small_letters() -> None:
    """Google and google are one, of a customer as of a campaign."""
    assert accepted("crm.customer.created", {"customer_id": "c", "source": " Google "}).data["source"] == "google"
    data = accepted("crm.page.viewed", {**VIEW, "campaign": {"source": "NewsLetter", "name": "Spring"}}).data
    assert data["campaign"] == {"source": "newsletter", "name": "Spring"}


@pytest.mark.parametrize("text", ["gid://shopify/Order/1", "urn:li:member:77", "a/b", "D}1{", "D 1", "x" * 256])
def test_any_printable_character_may_be_in_an_id(text: str) -> None:
    """Ids are what other systems call their things."""
    assert accepted("crm.page.viewed", {**VIEW, "anonymous_id": text, "deal_id": text}).data["anonymous_id"] == text


@pytest.mark.parametrize("word", [*sorted(PLACEHOLDERS), "[object Object]", "NULL", "Undefined", " nan "])
def test_a_word_that_stands_for_no_id_is_left_out(word: str) -> None:
    """Otherwise everybody whose front end is broken would be one person."""
    row = accepted("crm.page.viewed", {**VIEW, "anonymous_id": "v", "user_id": word, "owner_id": word})
    assert row.data == {**VIEW, "anonymous_id": "v"}
    assert row.flags & PLACEHOLDER


def test_a_placeholder_is_no_required_id() -> None:
    """Nor the second of two, nor one that is merged."""
    assert refused("crm.deal.won", {"deal_id": "undefined"}) == ("missing_field", "deal_id")
    assert refused("crm.identity.identified", {"anonymous_id": "v", "user_id": "null"})[0] == "missing_field"
    assert refused("crm.identity.merged", {"winner_id": "0", "loser_ids": ["b"]}) == ("missing_field", "winner_id")
    row = accepted("crm.identity.merged", {"winner_id": "a", "loser_ids": ["none", "b"]})
    assert (row.data["loser_ids"], row.flags) == (["b"], PLACEHOLDER)


@pytest.mark.parametrize("odd", [True, 7, "none", {"a": "none"}, ["none", 7, None]])
def test_a_field_of_another_type_is_the_producers_own(odd: object) -> None:
    """Only merges have losers; elsewhere the field is unknown, whatever is in it."""
    row = accepted("crm.page.viewed", {**VIEW, "title": "caf\u00e9", "loser_ids": odd})
    assert row.data["loser_ids"] == odd


def test_names_that_are_no_ids_may_be_such_words() -> None:
    """A stage, a reason or a form may be called `none`."""
    assert accepted("crm.form.started", {"form_id": "guest"}).flags == 0
    assert accepted("crm.deal.lost", {"deal_id": "d", "reason": "unknown", "stage": "none"}).data["stage"] == "none"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"sale \ud83d", "sale \ufffd"), (r"\ude00 sale", "\ufffd sale"), (r"\ud83d\ude00", "\U0001f600"),
        (r"\\ud83d \uD83D", "\\ud83d \ufffd"), (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
    ],
)  # fmt: skip
def test_half_of_an_emoji_is_read(written: str, read: str) -> None:
    """JavaScript writes a text that is cut within one as half of a surrogate pair."""
    event: dict[str, Any] = {"id": "1", "type": "crm.page.viewed", "time": "2026-06-01T10:00:00Z", "data": VIEW}
    raw = json.dumps(event).replace('"/"', f'"/", "title": "{written}"').encode()
    rows, rejections = validate([RawRecord("t", 0, 1, -1, None, raw)])
    assert not rejections
    assert rows[0].data["title"] == read
