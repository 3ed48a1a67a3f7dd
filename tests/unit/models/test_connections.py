"""How servers are reached: which settings go together, and that no secret is ever shown."""

from typing import Any

import pytest

from models.settings import Settings, SettingsError, load_settings

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No settings of the machine leak in: neither variables nor a .env file."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "CRMKPI_REDIS__URL", "CRMKPI_KAFKA__BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def scram(**more: Any) -> dict[str, Any]:
    """Kafka settings that are well, with some of them changed."""
    given = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "username": "u", "password": SECRET}
    return {"kafka": {key: value for key, value in {**given, **more}.items() if value is not None}}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (scram(sasl_mechanism=None), "sasl_mechanism is missing"),
        (scram(sasl_mechanism="PLAN"), r"kafka\.sasl_mechanism: "),
        (scram(username=None), "username is missing"),
        (scram(password=None), "password or password_file is missing"),
        (scram(password_file="/p"), "set either password or password_file, not both"),
        (scram(token_file="/t"), "token_file is given"),
        (scram(sasl_mechanism="OAUTHBEARER", username=None, password=None), "token_file is missing"),
        (scram(sasl_mechanism="OAUTHBEARER", token_file="/t"), "username is given"),
        (scram(security_protocol="SSL"), "sasl_mechanism is given, but security_protocol SSL sends no credentials"),
        (scram(security_protocol="PLAINTEXT"), "security_protocol PLAINTEXT sends no credentials"),
        (scram(security_protocol="SASL_PLAINTEXT", ca_file="/c"), "ca_file is given, but .* uses no TLS"),
        (scram(key_file="/k"), "key_file is given without certificate_file"),
        (scram(key_password=SECRET), "key_password is given without certificate_file"),
        (scram(passwort=SECRET), r"kafka\.passwort: "),
        ({"redis": {"url": f"http://:{SECRET}@x"}}, r"redis\.url: "),
        ({"redis": {"url": f"redis://x?password={SECRET}"}}, "the URL has credentials after the question mark"),
        ({"redis": {"url": f"redis://[:{SECRET}@x"}}, "the URL cannot be parsed"),
        ({"redis": {"url": "redis://u@x"}}, "password or password_file is missing"),
        ({"redis": {"url": f"redis://:{SECRET}@x", "password": "other"}}, "password is set twice"),
        ({"redis": {"url": f"redis://:{SECRET}@x", "password_file": "/p"}}, "password is set twice"),
        ({"redis": {"url": "redis://x", "ca_file": "/c"}}, "ca_file is given, but the URL does not begin with rediss"),
    ],
)
def test_settings_that_do_not_go_together_are_named(given: dict[str, Any], named: str) -> None:
    """Each with the setting to mend, and without the secret."""
    with pytest.raises(SettingsError, match=named) as caught:
        load_settings(given)
    assert SECRET not in str(caught.value)


def test_a_section_that_is_no_table_is_named_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody puts the password where the section belongs."""
    monkeypatch.setenv("CRMKPI_REDIS", SECRET)
    with pytest.raises(SettingsError, match="redis") as caught:
        load_settings()
    assert SECRET not in str(caught.value)


def test_everything_comes_from_the_environment_and_an_empty_variable_is_not_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a compose file passes it on."""
    for name, value in {
        "SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "PLAIN", "USERNAME": "key", "PASSWORD_FILE": "/run/p",
        "PASSWORD": "", "CA_FILE": "", "TOKEN_FILE": "", "CHECK_HOSTNAME": "false",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CRMKPI_KAFKA__{name}", value)
    kafka = load_settings().kafka
    assert (kafka.username, kafka.password_file, kafka.password, kafka.ca_file) == ("key", "/run/p", None, None)
    assert not kafka.check_hostname


def test_the_address_in_the_environment_goes_with_the_credentials_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting by itself comes from the strongest place that has it."""
    monkeypatch.setenv("CRMKPI_KAFKA__BOOTSTRAP_SERVERS", "broker:9093")
    monkeypatch.setenv("CRMKPI_KAFKA__USERNAME", "mine")
    kafka = load_settings(file=scram(username="theirs")).kafka
    assert (kafka.bootstrap_servers, kafka.username) == ("broker:9093", "mine")
    assert kafka.password is not None
    assert kafka.password.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("url", "shown", "user", "password"),
    [
        (f"redis://:{SECRET}@h:1/2", "redis://h:1/2", None, SECRET),
        (f"rediss://u:{SECRET}@h", "rediss://h", "u", SECRET),
        ("redis://u:a%40b%3Ac@[::1]:1", "redis://[::1]:1", "u", "a@b:c"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1", None, None),
    ],
)
def test_credentials_leave_the_url(url: str, shown: str, user: str | None, password: str | None) -> None:
    """So that whoever prints the URL prints no password."""
    redis = load_settings({"redis": {"url": url}}).redis
    assert (redis.url, redis.username) == (shown, user)
    assert (redis.password.get_secret_value() if redis.password else None) == password


def test_no_form_of_the_settings_shows_a_secret() -> None:
    """Neither repr nor str nor a dump to JSON."""
    given = {**scram(certificate_file="/c", key_password=SECRET), "redis": {"url": f"redis://:{SECRET}@h"}}
    settings = load_settings(given)
    assert isinstance(settings, Settings)
    assert SECRET not in "".join(
        [repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())]
    )


def test_a_url_of_another_scheme_is_refused_with_those_there_are() -> None:
    """In words, not as a pattern."""
    with pytest.raises(SettingsError, match=r"redis\.url: must begin with redis://, rediss:// or unix://"):
        load_settings({"redis": {"url": "localhost:6379"}})
