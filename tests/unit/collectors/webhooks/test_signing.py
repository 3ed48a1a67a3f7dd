"""What webhooks are proven with."""

import pytest

from collectors.arrived import Arrived
from collectors.webhooks import signing
from collectors.webhooks.provider import Forged


def request(url: str = "https://in.example.net/", received: int = 0, **headers: str) -> Arrived:
    """One without a body."""
    return Arrived("POST", url, headers, b"", received)


@pytest.mark.parametrize(
    ("seconds", "received_ms", "fine"),
    [
        ("1000", 1_000_000, True),
        ("1000", 1_300_000, True),
        ("1000", 1_300_001, False),
        ("1000", 700_000, True),
        ("1000", 699_999, False),
        ("1000.0", 1_000_000, False),
        ("-1", 0, False),
        (" 1000", 1_000_000, False),
        ("\u0661\u0660", 10_000, False),
        ("9" * 400, 0, False),
        ("", 0, False),
    ],
)
def test_a_signed_time_is_near_the_time_of_receipt(seconds: str, received_ms: int, fine: bool) -> None:
    """Both ends belong to the tolerance; what is no number of seconds is not near."""
    if fine:
        signing.fresh(request(received=received_ms), seconds)
        return
    with pytest.raises(Forged):
        signing.fresh(request(received=received_ms), seconds)


def test_older_is_fine_where_a_provider_repeats_what_it_signed() -> None:
    """But no further ahead."""
    signing.fresh(request(received=90_000_000), "80000", tolerance_s=10_000)
    with pytest.raises(Forged, match="future"):
        signing.fresh(request(received=0), "301", tolerance_s=10_000)


@pytest.mark.parametrize("text", ["YQ", "YR==", "YQ==\n", " YQ==", "Y-==", "é", "=", "YQ==YQ=="])
def test_base64_has_one_spelling(text: str) -> None:
    """Decoders let more pass, and a changed signature with it."""
    assert signing.exactly_base64("YQ==") == b"a"
    with pytest.raises(Forged):
        signing.exactly_base64(text)


@pytest.mark.parametrize(
    ("query", "fine"),
    [
        ("?secret=a%2Bb", True),
        ("?secret=a+b", True),  # pasted as it is; a blank would be %20
        ("?x=1&secret=a%2bb&y", True),
        ("?%73ecret=a+b", True),
        ("?secret=a%20b", False),
        ("?secret=", False),
        ("?secret", False),
        ("?secret=a+b&secret=a+b", False),
        ("#?secret=a+b", False),
        ("", False),
    ],
)
def test_a_secret_in_the_address(query: str, fine: bool) -> None:
    """Percent-encoded or not, and once."""
    arrived = request(f"https://in.example.net/v1/webhooks/postmark/shop{query}")
    if fine:
        signing.shared_secret(arrived, ["other", "a+b"])
        return
    with pytest.raises(Forged):
        signing.shared_secret(arrived, ["other", "a+b"])


@pytest.mark.parametrize("value", ["Basic dTpwOnE=", "basic dTpwOnE=", "Bearer u:p:q", "bearer  u:p:q"])
def test_a_password_or_a_token(value: str) -> None:
    """A password may have colons."""
    signing.shared_secret(request(authorization=value), ["u:p:q"])
    for wrong in (value[:-1], "Basic", "", value.replace(" ", "")):
        with pytest.raises(Forged):
            signing.shared_secret(request(authorization=wrong), ["u:p:q"])


def test_all_secrets_are_compared() -> None:
    """The last one fits as the first does, and bytes as text."""
    assert signing.fits("c", [b"a", b"b", b"c"])
    assert signing.fits(b"a", [b"a", b"b"])
    assert not signing.fits("", [b"a"])
    assert not signing.fits("a", [])
    assert not signing.fits("\ud800", [b"a"])
