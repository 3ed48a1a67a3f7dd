"""Nobody is believed without the proof of a secret that is live: every scheme, with vectors of our own."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from collectors.arrived import Arrived
from collectors.webhooks.provider import Forged
from tests.unit.collectors.webhooks.samples import Sample
from tests.unit.collectors.webhooks.sent import (
    HOST,
    NOW,
    SIGNED_URL,
    SIGNS,
    STANDARD_SECRET,
    UNSIGNED,
    b64,
    mac,
    secret_of,
    sent,
)
from tests.unit.collectors.webhooks.test_samples import PROVIDERS, SAMPLES

NAMES = sorted(SIGNS)
OTHER_SECRETS = {"standard": STANDARD_SECRET[:-6] + "AAAAA=", "meta_comments": "another:word", "pipedrive": "crm:other"}
SIGNS_A_TIME = {"hubspot": 300_000, "stripe": 300_000, "standard": 300_000, "zendesk": 3_600_000}
TOKENS = ("zoho", "aircall")
PLAIN = {"content-type", "webhook-id"}


def of(name: str) -> Sample:
    """A sample of a provider, with an address to be decoded where that is signed."""
    sample = next(sample for sample in SAMPLES if sample.provider == name)
    return sample._replace(query="to=a%2Fb%3Ac&x=1") if name in SIGNED_URL else sample


def believed(name: str, arrived: Arrived, *secrets: str) -> bool:
    """Whether a request is; any error but Forged is one of the test."""
    try:
        PROVIDERS[name].verify(arrived, secrets or [secret_of(name)])
    except Forged:
        return False
    return True


def flipped(raw: bytes) -> Iterator[bytes]:
    """Each bit another once."""
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_signed_is_believed(name: str) -> None:
    """Also while two secrets are live, whichever comes first."""
    arrived, other = of(name).arrived(), OTHER_SECRETS.get(name, "another")
    assert believed(name, arrived)
    assert believed(name, arrived, secret_of(name), other)
    assert believed(name, arrived, other, secret_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_without_the_secret_nobody_is(name: str) -> None:
    """Another one, none at all, an empty one, or one that is longer by a letter."""
    arrived = of(name).arrived()
    assert not believed(name, arrived, OTHER_SECRETS.get(name, "another"))
    assert not believed(name, arrived, f"x{secret_of(name)}")
    assert not believed(name, arrived, "")
    assert not believed(name, sent(name, of(name).content, secret=OTHER_SECRETS.get(name, "another")))
    with pytest.raises(Forged):
        PROVIDERS[name].verify(arrived, [])


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_of_a_header_is_refused(name: str) -> None:
    """Of the signature, and of the time and the id where they are signed."""
    arrived = of(name).arrived()
    for header in arrived.headers.keys() - {"content-type", "x-shopify-topic"}:
        for changed in flipped(arrived.headers[header].encode()):
            text = changed.decode("latin-1")
            if text.lower() == arrived.headers[header].lower() and header == "authorization":
                continue  # the case of the word Basic or Bearer says nothing
            if name == "stripe" and text.startswith(arrived.headers[header].partition("v0")[0]):
                continue  # the older scheme beside it is not read
            assert not believed(name, arrived._replace(headers={**arrived.headers, header: text})), (header, text)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(UNSIGNED)))
def test_a_flipped_bit_of_the_body_is_refused(name: str) -> None:
    """Where the body is signed; a form that says the same in other letters is the same form."""
    arrived = of(name).arrived()
    for body in flipped(arrived.body):
        if name == "twilio_voice" and parse_qsl(body.decode("latin-1")) == parse_qsl(arrived.body.decode()):
            continue
        assert not believed(name, arrived._replace(body=body)), body


@pytest.mark.parametrize("name", SIGNED_URL)
def test_a_flipped_bit_of_the_address_is_refused(name: str) -> None:
    """And another method, where that is signed."""
    arrived = of(name).arrived()
    for url in flipped(arrived.url.encode()):
        assert not believed(name, arrived._replace(url=url.decode("latin-1"))), url
    assert not believed(name, arrived._replace(url=arrived.url.replace("https", "http")))
    assert name == "twilio_voice" or not believed(name, arrived._replace(method="PUT"))


@pytest.mark.parametrize("name", TOKENS)
def test_a_flipped_bit_of_a_token_in_the_body_is_refused(name: str) -> None:
    """The rest of the body nothing proves: the page says so."""
    arrived = of(name).arrived()
    word = secret_of(name).encode()
    for changed in flipped(word):
        assert not believed(name, arrived._replace(body=arrived.body.replace(word, changed)))
    assert not believed(name, arrived._replace(body=b"{}"))
    assert not believed(name, arrived._replace(body=b'{"token": ["correct horse battery staple"]}'))
    assert not believed(name, arrived._replace(body=b"token"))


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(TOKENS)))
def test_a_header_that_a_proxy_took_away_is_missed(name: str) -> None:
    """Each of them, and one that is there and empty."""
    arrived = of(name).arrived()
    for header in arrived.headers.keys() - {"x-shopify-topic"}:
        rest = {key: value for key, value in arrived.headers.items() if key != header}
        assert not believed(name, arrived._replace(headers=rest)), header
        assert not believed(name, arrived._replace(headers={**rest, header: ""})), header
        assert not believed(name, arrived._replace(headers={**rest, header: "\ud800 é ,=;"})), header


@pytest.mark.parametrize(("name", "tolerance"), SIGNS_A_TIME.items())
def test_what_is_too_old_or_from_the_future_is_refused(name: str, tolerance: int) -> None:
    """At the tolerance it is still believed, a second later it is not."""
    content = of(name).content
    for late in (-tolerance, tolerance):
        assert believed(name, sent(name, content, at=NOW + late))
        assert not believed(name, sent(name, content, at=NOW + late + (1000 if late > 0 else -1000)))


@pytest.mark.parametrize("text", ["", "now", "-1", "1e9", " 1795003200", "1" * 30, "٣" * 10])
@pytest.mark.parametrize(
    ("name", "header"),
    [("hubspot", "x-hubspot-request-timestamp"), ("standard", "webhook-timestamp"),
     ("zendesk", "x-zendesk-webhook-signature-timestamp")],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(name: str, header: str, text: str) -> None:
    """And is no other error."""
    arrived = of(name).arrived()
    assert not believed(name, arrived._replace(headers={**arrived.headers, header: text}))


def test_hubspot_is_not_believed_with_its_older_signatures() -> None:
    """They sign no time: whoever has one can send it again for ever."""
    arrived = of("hubspot").arrived()
    older = {"x-hubspot-signature": "a", "x-hubspot-signature-version": "v2", "x-hubspot-request-timestamp": str(NOW)}
    with pytest.raises(Forged, match="x-hubspot-signature-v3"):
        PROVIDERS["hubspot"].verify(arrived._replace(headers=older), [secret_of("hubspot")])


def test_stripe_is_believed_with_one_of_several_signatures() -> None:
    """As while its secret is being changed; a second time is not believed."""
    arrived = of("stripe").arrived()
    stamp, good, _ = arrived.headers["stripe-signature"].split(",")
    for value, expected in (
        (f"{stamp},v1={'0' * 64},{good}", True), (f"{good}, {stamp}", True), (f"{stamp},v0={good[3:]}", False),
        (f"{stamp},{stamp},{good}", False), (good, False), (stamp, False), ("t=,v1=", False), (",,=,", False),
    ):  # fmt: skip
        assert believed("stripe", arrived._replace(headers={"stripe-signature": value})) is expected, value


def test_a_credential_may_stand_in_the_address() -> None:
    """Of Salesforce, which can send no header of its own; a wrong header is not made good by it."""
    arrived = of("salesforce_outbound").arrived()._replace(headers={})
    right = arrived._replace(url=f"{arrived.url}&secret=correct%20horse%20battery%20staple")
    assert believed("salesforce_outbound", right)
    assert not believed("salesforce_outbound", arrived)
    assert not believed("salesforce_outbound", right._replace(headers={"authorization": "Bearer x"}))


def test_meta_is_not_believed_by_its_verify_token() -> None:
    """It has been in an address; and without an app secret nothing is believed."""
    arrived = of("meta_comments").arrived()
    assert not believed("meta_comments", sent("meta_comments", of("meta_comments").content, secret="word"))
    assert not believed("meta_comments", arrived, ":word")


def test_hubspot_signs_an_address_in_which_some_characters_are_decoded() -> None:
    """Those of its documentation, and no others; the host is the one that it called."""
    called = f"{HOST}/hook?a=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%26%C3%A9%2f"
    signed = f"{HOST}/hook?a=:/?@!$'()*,;&b=%20%26%C3%A9%2f"
    headers = {
        "x-hubspot-signature-v3": b64(mac("secret", f"POST{signed}[]{NOW}")),
        "x-hubspot-request-timestamp": str(NOW),
    }
    arrived = Arrived("POST", called, headers, b"[]", NOW)
    assert believed("hubspot", arrived, "secret")
    assert not believed("hubspot", arrived._replace(url=called.replace("%20", " ")), "secret")
    assert not believed("hubspot", arrived._replace(url=called.replace(HOST, "http://10.0.0.7:8080")), "secret")
