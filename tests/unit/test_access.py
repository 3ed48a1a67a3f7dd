"""Files of secrets and certificates: what is read when, and what is said of those that cannot be used."""

from pathlib import Path
from typing import Any

import pytest
import trustme
from aiokafka.errors import KafkaConnectionError
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from redis.exceptions import ConnectionError as Disconnected

from access.kafka import TokenFile, client_options
from access.redis import PasswordFile
from access.redis import client_options as redis_options
from models.settings import KafkaSettings, RedisSettings, SettingsError
from ops.local.unit import Given, Redis, ServerError, shown
from streams.bootstrap import options_from
from tests.unit.models.test_connections import SECRET, scram


@pytest.fixture
def locked(tmp_path: Path) -> dict[str, Any]:
    """Settings of a client certificate whose key wants a password."""
    made = trustme.CA().issue_cert("client.example")
    (tmp_path / "cert.pem").write_bytes(made.cert_chain_pems[0].bytes())
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(SECRET.encode()))
    (tmp_path / "key.pem").write_bytes(text)
    return {"certificate_file": str(tmp_path / "cert.pem"), "key_file": str(tmp_path / "key.pem")}


def test_a_key_opens_with_its_password_given_or_in_a_file(locked: dict[str, Any], tmp_path: Path) -> None:
    """For both servers."""
    (tmp_path / "secret").write_text(f"{SECRET}\r\n")
    for password in ({"key_password": SECRET}, {"key_password_file": str(tmp_path / "secret")}):
        kafka = KafkaSettings(security_protocol="SSL", **locked, **password)
        assert client_options(kafka)["ssl_context"]
        redis = RedisSettings(url="rediss://x", **locked, **password)
        assert redis_options(redis)["ssl_password"] == SECRET


@pytest.mark.parametrize("password", [{}, {"key_password": "another"}])
def test_a_key_that_does_not_open_is_named_and_no_terminal_is_asked(
    locked: dict[str, Any], password: dict[str, Any]
) -> None:
    """OpenSSL asks when it is given no password at all: the test would hang."""
    with pytest.raises(SettingsError, match=r"kafka\.certificate_file, kafka\.key_file.*key_password"):
        client_options(KafkaSettings(security_protocol="SSL", **locked, **password))
    with pytest.raises(SettingsError, match=r"redis\.certificate_file, redis\.key_file.*key_password"):
        redis_options(RedisSettings(url="rediss://x", **locked, **password))


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    """A renewer that writes in place leaves one for a moment."""
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match=r"kafka\.password_file: .* is empty"):
        client_options(KafkaSettings(**scram(password=None, password_file=str(tmp_path / "empty"))["kafka"]))


async def test_token_and_password_are_read_for_each_connection(tmp_path: Path) -> None:
    """A rotated one is seen; one that is away for a moment is an error that clients try again."""
    file = tmp_path / "secret"
    token, password = TokenFile(str(file)), PasswordFile("u", str(file))
    for text in ("one", "two"):
        file.write_text(text)
        assert await token.token() == text
        assert await password.get_credentials_async() == ("u", text)
    file.unlink()
    with pytest.raises(KafkaConnectionError, match=r"kafka\.token_file"):
        await token.token()
    with pytest.raises(Disconnected, match=r"redis\.password_file"):
        password.get_credentials()


def test_what_clients_are_made_with_shows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The library takes the password as text; a traceback or a log line that shows the options must not."""
    from models.settings import load_settings

    monkeypatch.chdir(tmp_path)
    options = client_options(KafkaSettings(**scram()["kafka"]))
    assert options["sasl_plain_password"] == SECRET
    assert SECRET not in repr(options)
    assert SECRET not in repr(options_from(load_settings(scram())))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"redis://:{SECRET}@h:1/0", "redis://h:1/0"),
        (f"rediss://u:{SECRET}@h/1?ssl_ca_certs=/x", "rediss://h/1"),
        ("h:9092,i:9092", "h:9092,i:9092"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_addresses_are_shown_without_credentials(address: str, told: str) -> None:
    """Wherever a server that was given is named."""
    assert shown(address) == told
    assert SECRET not in repr(Redis(address, Given(address)))
    with pytest.raises(ServerError, match="is external") as caught:
        Given(address).stop()
    assert SECRET not in str(caught.value)
