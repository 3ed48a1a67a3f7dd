"""What providers ask before they send anything, and what they want to hear when they did."""

import pytest
from defusedxml.ElementTree import fromstring

from collectors.arrived import Arrived, Unreadable
from collectors.webhooks.crm import salesforce_outbound
from collectors.webhooks.other import intercom, meta_comments
from collectors.webhooks.provider import Forged, Reply
from tests.unit.collectors.webhooks.sent import HOST, NOW, secret_of
from tests.unit.collectors.webhooks.test_samples import PROVIDERS, SAMPLES

META = [secret_of("meta_comments")]


def asked(query: str, method: str = "GET") -> Arrived:
    """A request with nothing but an address."""
    return Arrived(method, f"{HOST}/v1/webhooks/x/main?{query}", {}, b"", NOW)


def test_meta_gets_its_challenge_back() -> None:
    """As text, when it knows the verify token."""
    query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=word"
    assert meta_comments.PROVIDER.handshake(asked(query), META) == Reply(200, b"1158201444", "text/plain")
    assert meta_comments.PROVIDER.handshake(asked(query), ["other:word2", *META]) is not None


@pytest.mark.parametrize(
    ("query", "secrets"),
    [
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other", META),
        ("hub.mode=subscribe&hub.challenge=1", META),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=app%20secret", META),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ["app secret"]),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=word", []),
        ("hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=word", META),
        ("hub.mode=subscribe&hub.verify_token=word", META),
    ],
)
def test_meta_gets_no_answer_without_the_token(query: str, secrets: list[str]) -> None:
    """Nor with a challenge that is not a plain word: it would be sent back as it is."""
    with pytest.raises(Forged):
        meta_comments.PROVIDER.handshake(asked(query), secrets)


def test_meta_must_want_to_subscribe() -> None:
    """Any other request for the address is no handshake."""
    with pytest.raises(Unreadable):
        meta_comments.PROVIDER.handshake(asked("hub.mode=unsubscribe&hub.verify_token=word"), META)


def test_intercom_asks_whether_anybody_is_there() -> None:
    """Without a body, and without a signature."""
    assert intercom.PROVIDER.handshake(asked("", "HEAD"), ["x"]) == Reply(200, b"", "text/plain")


def test_a_delivery_is_no_handshake() -> None:
    """Of no provider."""
    for sample in SAMPLES:
        assert PROVIDERS[sample.provider].handshake(sample.arrived(), [secret_of(sample.provider)]) is None


def test_salesforce_gets_its_acknowledgement() -> None:
    """Or it sends the message for a day."""
    reply = salesforce_outbound.PROVIDER.accepted
    assert (reply.status, reply.media) == (200, "text/xml")
    assert fromstring(reply.body).findtext(".//{http://soap.sforce.com/2005/09/outbound}Ack") == "true"
