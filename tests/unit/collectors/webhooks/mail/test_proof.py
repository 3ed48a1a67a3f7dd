"""Who is believed: every provider's way of proving itself, and everything that is near it and is not it."""

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import pytest

from collectors.arrived import Arrived
from collectors.webhooks.mail import PROVIDERS
from collectors.webhooks.mail.bodies import form
from collectors.webhooks.provider import Forged
from tests.unit.collectors.webhooks.mail.samples import SAMPLES, arrived, body
from tests.unit.collectors.webhooks.mail.schemes import BY_NAME, SCHEMES, SECONDS, Scheme, request

CASES = [pytest.param(name, scheme, id=f"{name}-{way}") for (name, way), scheme in SCHEMES.items()]
TIMED = [case for case, scheme in zip(CASES, SCHEMES.values(), strict=True) if scheme.timed]
SIGNED = [case for case, scheme in zip(CASES, SCHEMES.values(), strict=True) if scheme.covers_body]


def plain(name: str) -> bytes:
    """A body to sign."""
    return b"[]" if name == "mandrill" else b"event=opened" if name == "mailchimp" else b'{"a":"b c","d":[1]}'


def signed(name: str, scheme: Scheme, which: int = 0, seconds: int = SECONDS) -> Arrived:
    """A good request."""
    raw = b"a=b" if scheme is SCHEMES["mailgun", "form"] else plain(name)
    return scheme.sign(raw, which, seconds)


def refused(name: str, arrived: Arrived, secrets: list[str]) -> bool:
    """Whether it is."""
    try:
        BY_NAME[name].verify(arrived, secrets)
    except Forged:
        return True
    return False


def flips(text: bytes) -> Iterator[bytes]:
    """The text with one bit changed, each in turn."""
    for at in range(len(text)):
        for bit in range(8):
            yield text[:at] + bytes([text[at] ^ 1 << bit]) + text[at + 1 :]


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_either_of_two_live_secrets_proves_the_sender(name: str, scheme: Scheme) -> None:
    """While one is being changed for the other; one alone proves its own only."""
    for which in (0, 1):
        BY_NAME[name].verify(signed(name, scheme, which), list(scheme.secrets))
        BY_NAME[name].verify(signed(name, scheme, which), [scheme.secrets[which]])
        assert refused(name, signed(name, scheme, which), [scheme.secrets[1 - which]])


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_without_a_secret_nobody_is_believed(name: str, scheme: Scheme) -> None:
    """An empty one is none."""
    assert refused(name, signed(name, scheme), [])
    assert refused(name, signed(name, scheme), [""])
    assert refused(name, signed(name, scheme)._replace(headers={}, url="https://in.example.net/"), [""])


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_without_its_proof_a_request_is_refused(name: str, scheme: Scheme) -> None:
    """Whichever part of it is missing, or empty."""
    good, secrets = signed(name, scheme), list(scheme.secrets)
    for missing in [name for name in good.headers if name not in ("content-type", "x-postal-signature")]:
        assert refused(name, good._replace(headers={**good.headers, missing: ""}), secrets)
        assert refused(name, good._replace(headers={k: v for k, v in good.headers.items() if k != missing}), secrets)
    if scheme.signature is None:
        assert refused(name, request(plain(name), {}), secrets)


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_a_signature_with_one_bit_changed_is_refused(name: str, scheme: Scheme) -> None:
    """Another spelling of the same bytes, too."""
    good, secrets = signed(name, scheme), list(scheme.secrets)
    if scheme.signature is not None:
        skipped = len("Basic ") if good.headers[scheme.signature].startswith("B") else 0
        value = good.headers[scheme.signature].encode()
        for changed in flips(value[skipped:]):
            headers = {**good.headers, scheme.signature: (value[:skipped] + changed).decode("latin-1")}
            assert refused(name, good._replace(headers=headers), secrets), changed
    elif "secret=" in good.url:
        start, _, value = good.url.encode().partition(b"secret=")
        for changed in flips(value):
            found = good._replace(url=(start + b"secret=" + changed).decode("latin-1"))
            same_escape = unquote_to_bytes(changed) == unquote_to_bytes(value)  # %C3 or %c3
            assert same_escape or refused(name, found, secrets), changed


@pytest.mark.parametrize(("name", "scheme"), SIGNED)
def test_a_body_with_one_bit_changed_is_refused(name: str, scheme: Scheme) -> None:
    """Of those that sign it; a form may say the same in other letters (%5B or %5b)."""
    good, secrets = signed(name, scheme), list(scheme.secrets)
    for changed in flips(good.body):
        same = name == "mandrill" and changed.lower() == good.body.lower() and form(changed) == form(good.body)
        assert same or refused(name, good._replace(body=changed), secrets), changed
    assert refused(name, good._replace(body=b""), secrets)
    assert refused(name, good._replace(body=good.body + b"\n"), secrets)


@pytest.mark.parametrize(("name", "scheme"), TIMED)
def test_a_signed_time_holds_for_five_minutes_either_way(name: str, scheme: Scheme) -> None:
    """And not a second longer; Mailgun's for as long as it repeats what failed."""
    good, secrets = signed(name, scheme), list(scheme.secrets)
    for seconds in (-300, 0, scheme.late_s):
        BY_NAME[name].verify(good._replace(received=(SECONDS + seconds) * 1000), secrets)
    for seconds in (-301, scheme.late_s + 1, 86_400):
        assert refused(name, good._replace(received=(SECONDS + seconds) * 1000), secrets)


@pytest.mark.parametrize(("name", "scheme"), TIMED)
def test_a_time_with_one_bit_changed_is_refused(name: str, scheme: Scheme) -> None:
    """It is signed, so nobody can make it later."""
    good, secrets = signed(name, scheme), list(scheme.secrets)
    if scheme.timed == "body":
        start, middle, rest = good.body.partition(str(SECONDS).encode())
        for changed in flips(middle):
            assert refused(name, good._replace(body=start + changed + rest), secrets)
        return
    assert scheme.timed is not None
    for changed in flips(str(SECONDS).encode()):
        headers = {**good.headers, scheme.timed: changed.decode("latin-1")}
        assert refused(name, good._replace(headers=headers), secrets)


@pytest.mark.parametrize("way", ["json", "form"])
def test_mailguns_token_and_signature_with_one_bit_changed_are_refused(way: str) -> None:
    """They stand in the body, and are all that is signed; the token must not come twice."""
    scheme = SCHEMES["mailgun", way]
    good, secrets = signed("mailgun", scheme), list(scheme.secrets)
    assert BY_NAME["mailgun"].replayed(good) == "8a6b"
    signature = good.body[-64:] if way == "form" else good.body.split(b'"signature": "')[1][:64]
    for part in (b"8a6b", signature):
        start, _, rest = good.body.rpartition(part)
        for changed in flips(part):
            assert refused("mailgun", good._replace(body=start + changed + rest), secrets), changed


def test_mailguns_main_account_signs_for_its_subaccounts() -> None:
    """So one key is enough for all."""
    scheme = SCHEMES["mailgun", "json"]
    good = signed("mailgun", scheme)
    both = good.body.replace(b'"signature": "', b'"signature": "other", "parent-signature": "')
    BY_NAME["mailgun"].verify(good._replace(body=both), list(scheme.secrets))


def test_a_standard_signature_may_be_one_of_several() -> None:
    """Only of version 1, and only with a comma."""
    scheme = SCHEMES["resend", "svix"]
    good, secrets = signed("resend", scheme), list(scheme.secrets)
    right = good.headers["svix-signature"]
    several = {f"v1,AAAA {right}": False, f"v2,AAAA {right} v1": False, right[3:]: True, f"v2{right[2:]}": True}
    for text, wanted in {**several, "v1": True, ",": True, f"{right},": True}.items():
        assert refused("resend", good._replace(headers={**good.headers, "svix-signature": text}), secrets) is wanted


def test_a_secret_that_is_no_key_does_not_hide_one_that_is() -> None:
    """Somebody pasted the wrong thing beside the right one; alone it proves nobody."""
    for way in (("sendgrid", "ecdsa"), ("postal", "sha1"), ("resend", "svix")):
        scheme = SCHEMES[way]
        BY_NAME[way[0]].verify(signed(way[0], scheme), ["no/key", scheme.secrets[0]])
        assert refused(way[0], signed(way[0], scheme), ["no/key"])
    other_kind = SCHEMES["postal", "sha1"].secrets[0]
    assert refused("sendgrid", signed("sendgrid", SCHEMES["sendgrid", "ecdsa"]), [other_kind])


def test_a_key_may_be_pasted_with_the_lines_around_it() -> None:
    """As PEM has them."""
    scheme = SCHEMES["sendgrid", "ecdsa"]
    pem = f"-----BEGIN PUBLIC KEY-----\n{scheme.secrets[0]}\n-----END PUBLIC KEY-----\n"
    BY_NAME["sendgrid"].verify(signed("sendgrid", scheme), [pem])


def test_unisenders_auth_must_be_in_the_body_exactly_once() -> None:
    """Spelled otherwise, the key would not be part of what is hashed."""
    scheme = SCHEMES["unisender_go", "md5"]
    good, secrets = signed("unisender_go", scheme), list(scheme.secrets)
    auth = good.body.split(b'"')[3]
    escaped = good.body.replace(auth, b"\\u00" + auth[:1].hex().encode() + auth[1:])
    assert refused("unisender_go", good._replace(body=escaped), secrets)
    assert refused("unisender_go", good._replace(body=good.body[:-1] + b',"x":"' + auth + b'"}'), secrets)


def test_a_secret_in_the_address_is_given_once() -> None:
    """Two of them would be a guess each."""
    scheme = SCHEMES["postmark", "url"]
    good, secrets = signed("postmark", scheme), list(scheme.secrets)
    assert refused("postmark", good._replace(url=good.url + "&secret=second:other"), secrets)
    assert refused("postmark", good._replace(url=good.url.replace("secret=", "SECRET=")), secrets)
    assert refused("postmark", good._replace(url=good.url.replace("?", "#?")), secrets)
    assert refused("postmark", good._replace(headers={"authorization": "Digest x"}), secrets)


def test_new_webhooks_are_answered() -> None:
    """Where the provider asks first. Mailchimp's address must have the secret in it; a delivery is no such question."""
    for provider in PROVIDERS:
        asked = {name for name in ("GET", "HEAD") if provider.handshake(request(b"", {}, method=name), ["s"])}
        assert asked == ({"GET", "HEAD"} if provider.name in ("mandrill", "unisender_go") else set())
        first = next(one for one in SAMPLES if one.provider == provider.name)
        assert provider.handshake(arrived(provider.name, body(provider.name, [first.item])), ["s"]) is None
    mailchimp = BY_NAME["mailchimp"]
    assert mailchimp.handshake(request(b"", {}, "?secret=s", method="GET"), ["s"]) is not None
    assert mailchimp.handshake(request(b"", {}, "?secret=t", method="GET"), ["s"]) is None
    assert BY_NAME["mandrill"].handshake(request(b"mandrill_events=%5B%5D", {}), ["s"]) is not None
    assert BY_NAME["mandrill"].handshake(request(b"mandrill_events=x", {}), ["s"]) is None
