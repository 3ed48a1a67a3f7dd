"""Nothing personal gets past the edge, and one person stays one person."""

import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.event import Event
from collectors.privacy import NoConsent, Policy, masked, normal_phone
from models.collecting import PrivacySettings
from models.record import RawRecord
from models.validate import validate

KEY = b"k" * 32
MAIL, PHONE, CARD = "Maija.Meikalainen@example.fi", "+358 40 123 4567", "4111 1111 1111 1111"


def policy(tenant: str = "acme", key: bytes = KEY, **rules: str) -> Policy:
    return Policy(key, tenant, PrivacySettings.model_validate(rules))


def event(**data: object) -> Event:
    return Event("crm.page.viewed", "e-1", "2026-05-01T10:00:00Z", {"url": "https://acme.example/", **data})


def test_an_address_becomes_the_same_hash_however_it_is_written() -> None:
    hashes = [policy().clean(event(email=text)).data["email_hash"] for text in (MAIL, f" {MAIL.upper()} ")]
    assert hashes[0] == hashes[1]
    assert re.fullmatch("[0-9a-f]{32}", hashes[0])


def test_tenants_and_keys_have_hashes_of_their_own() -> None:
    found = {
        one.clean(event(email=MAIL)).data["email_hash"] for one in (policy(), policy("beta"), policy(key=b"x" * 32))
    }
    assert len(found) == 3


def test_without_a_key_and_by_policy_addresses_are_dropped() -> None:
    for one in (policy(key=b""), policy(personal="drop")):
        data = one.clean(event(email=MAIL, phone=PHONE, recipient=MAIL)).data
        assert not {"email_hash", "phone_hash", "recipient_hash", "email", "phone", "recipient"} & data.keys()


def test_a_hash_that_the_sender_made_stays() -> None:
    assert policy().clean(event(email=MAIL, email_hash="theirs")).data["email_hash"] == "theirs"


def test_names_and_addresses_go_but_names_of_campaigns_and_forms_stay() -> None:
    data = policy().clean(event(
        name="Maija", ip="192.0.2.1", form_name="newsletter", campaign={"name": "spring"}, owner_id="anna@acme.example",
        traits={"first_name": "Maija", "email": MAIL, "plan": "pro", "name": "Acme Oy"},
    )).data  # fmt: skip
    assert data == {
        "url": "https://acme.example/", "form_name": "newsletter", "campaign": {"name": "spring"},
        "owner_id": "anna@acme.example", "traits": {"plan": "pro"},
    }  # fmt: skip


def test_an_id_that_is_an_address_is_the_same_id_without_it() -> None:
    first, second = (policy().clean(event(user_id=text)).data["user_id"] for text in (MAIL, MAIL.lower()))
    assert first == second == f"e-{policy().digest(MAIL.lower())}"
    assert policy().clean(event(user_id="u-7")).data["user_id"] == "u-7"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"write to {MAIL}, please", "write to [email], please"),
        (f"https://acme.example/?email={MAIL.replace('@', '%40')}&a=1", "https://acme.example/?email=[email]&a=1"),
        (f"my card is {CARD}.", "my card is [card]."),
        ("order 1234 5678 9012 3456 of May", "order 1234 5678 9012 3456 of May"),  # no card: Luhn's digit is wrong
        ("SSN 078-05-1120", "SSN [ssn]"),
        (f"call {PHONE} today", "call [phone] today"),
        ("password: hunter2", "password: [secret]"),
        ("/login?token=abc123&next=/", "/login?token=[secret]&next=/"),
        ("the 2026-05-01 price was 12.50 + 3", "the 2026-05-01 price was 12.50 + 3"),
    ],
)
def test_free_text_is_masked(text: str, left: str) -> None:
    assert masked(text) == left
    assert policy().clean(event(comment=text)).data["comment"] == left


def test_free_text_can_be_dropped() -> None:
    assert policy(free_text="drop").clean(event(comment="fine", text="also")).data == {"url": "https://acme.example/"}


@pytest.mark.parametrize("word", ["none", "denied", False])
def test_without_consent_an_event_counts_without_ids(word: object) -> None:
    data = (
        policy().clean(event(consent=word, anonymous_id="v-1", user_id="u-1", email=MAIL, traits={"plan": "pro"})).data
    )
    assert data == {"url": "https://acme.example/"}


def test_without_consent_an_event_is_refused_where_the_policy_says_so() -> None:
    with pytest.raises(NoConsent):
        policy(consent="refuse").clean(event(consent="none"))
    assert policy(consent="ignore").clean(event(consent="none", anonymous_id="v-1")).data["anonymous_id"] == "v-1"
    assert policy(consent="refuse").clean(event(consent="granted", anonymous_id="v-1")).data["anonymous_id"] == "v-1"


PLACES = st.sampled_from(
    ["url", "title", "referrer", "comment", "user_id", "anonymous_id", "email", "traits", "id", "x"]
)


@given(st.lists(PLACES, min_size=1, unique=True), st.sampled_from([MAIL, f"see {MAIL}!", f"a?b={MAIL}"]))
def test_a_planted_address_is_nowhere_in_what_is_written(places: list[str], text: str) -> None:
    planted = event(**{place: {"any": text, "email": text} if place == "traits" else text for place in places})
    if "id" in places:
        planted = planted._replace(id=text)
    cleaned = policy().clean(planted._replace(attributes={"subject": text, "email": text}))
    assert MAIL.lower().encode() not in orjson.dumps([cleaned.id, cleaned.data, dict(cleaned.attributes)]).lower()
    raw = orjson.dumps({"id": cleaned.id, "type": cleaned.type, "time": cleaned.time, "data": cleaned.data})
    rows, refused = validate([RawRecord("t", 0, 0, 1_800_000_000_000, None, raw)])
    assert (len(rows), refused) == (1, [])


SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()


def wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)


@given(st.recursive(SCALARS, wrapped, max_leaves=20))
def test_any_value_can_be_cleaned_and_masked(value: object) -> None:
    cleaned = policy().clean(event(traits=value, email=value, phone=value, user_id=value, consent=value, comment=value))
    assert policy().mask(orjson.dumps(value, default=str))
    assert cleaned.type == "crm.page.viewed"


def test_an_item_that_cannot_be_read_is_kept_without_its_key_and_persons() -> None:
    raw = orjson.dumps({"type": "track", "writeKey": "secret-1", "context": {"traits": {"email": MAIL, "name": "M"}}})
    assert orjson.loads(policy().mask(raw)) == {"type": "track", "context": {"traits": {}}}
    assert policy().mask(f"{{broken {MAIL}".encode()) == b"{broken [email]"


def test_a_telephone_number_is_its_digits() -> None:
    assert normal_phone(PHONE) == "+358401234567" == normal_phone("+358-40-1234567")
    assert normal_phone("none") == ""
