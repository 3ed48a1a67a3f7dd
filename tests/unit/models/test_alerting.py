"""Rules and channels as they are written, and what is said of those that are wrong."""

from typing import Any

import pytest

from models.alerting import Rule
from models.settings import SettingsError, load_settings

GOOD: dict[str, Any] = {
    "id": "r",
    "tenant": "acme",
    "kind": "threshold",
    "kpi": "win_rate",
    "window": "30d",
    "below": 0.3,
}
HOOK: dict[str, Any] = {
    "name": "ops", "tenant": "acme", "kind": "webhook", "url": "https://hooks.acme.example/x", "secret": "whsec_eA==",
}  # fmt: skip


def loaded(**file: Any) -> Any:
    """Settings of a file with that."""
    return load_settings({}, file)


def test_a_rule_reads_as_it_is_written_and_back() -> None:
    rule = Rule.model_validate({**GOOD, "clear": 0.32, "for": "10m", "quiet": [{"from": "22:00", "to": "07:00"}]})
    assert (rule.hold, str(rule.below), str(rule.clear)) == (600, "0.3", "0.32")
    assert Rule.model_validate(rule.as_json()) == rule


@pytest.mark.parametrize(
    ("kind", "side", "level"),
    [
        ("off_pace", "below", "0.9"),
        ("lag", "above", "60"),
        ("dead_letters", "above", "0"),
        ("quarantine", "above", "0"),
    ],
)
def test_kinds_have_usual_levels(kind: str, side: str, level: str) -> None:
    of_kpi = {"kpi": "win_rate", "window": "month"} if kind == "off_pace" else {}
    rule = Rule.model_validate({"id": "r", "tenant": "acme", "kind": kind, **of_kpi})
    assert str(getattr(rule, side)) == level


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kpi": "win_rat"}, "alerts.rules.0.kpi: no such KPI: win_rat"),
        ({"window": None}, "window is missing"),
        ({"tenant": "Acme Inc"}, "tenant: a tenant's name must match"),
        ({"above": 0.1}, "set either above or below"),
        ({"below": None}, "set either above or below"),
        ({"clear": 0.2}, "clear: must not be less than below, 0.3"),
        ({"kind": "no_data"}, "a rule of kind no_data has no level"),
        ({"kind": "lag"}, "a rule of kind lag is not about a KPI"),
        ({"for": "ten minutes"}, "must look like 90s, 10m, 2h or 1d"),
        ({"quiet": [{"from": "22:00", "to": "22:00"}]}, "write 00:00 to 24:00"),
        ({"quiet": [{"from": "10pm", "to": "22:00"}]}, "alerts.rules.0.quiet.0.from"),
        ({"belwo": 1}, "alerts.rules.0.belwo"),
    ],
)
def test_a_wrong_rule_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=r"alerts\.rules\.0") as error:
        loaded(alerts={"rules": [{**GOOD, **change}]})
    assert said in str(error.value)


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="two called r of tenant acme"):
        loaded(alerts={"rules": [GOOD, GOOD]})
    assert len(loaded(alerts={"rules": [GOOD, {**GOOD, "tenant": "beta"}]}).alerts.rules) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret": None}, "secret: set either secret or secret_file"),
        ({"secret_file": "/run/s"}, "secret: set either secret or secret_file"),
        ({"url": "ftp://x.example"}, "url: must look like https://"),
        ({"url": "https://anna:word@x.example"}, "without a user"),
        ({"kind": "slack"}, "secret: not for channels of kind slack"),
        ({"kind": "email"}, "url: not for channels of kind email"),
        ({"addresses": ["a@b.example"]}, "addresses: is for channels of kind email"),
    ],
)
def test_a_wrong_channel_is_named_and_its_secrets_are_not(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        loaded(notify={"channels": [{**HOOK, **change}]})
    assert said in str(error.value)
    assert "whsec_" not in str(error.value)
    assert "word" not in str(error.value)


def test_a_header_does_not_fit_into_an_address() -> None:
    channel = {"name": "m", "tenant": "acme", "kind": "email", "addresses": ["a@b.example\nBcc: c@d.example"]}
    with pytest.raises(SettingsError, match=r"addresses\.0"):
        loaded(notify={"channels": [channel]})


@pytest.mark.parametrize(
    ("smtp", "said"),
    [
        ({"url": "smtp://mail.example"}, "sender is missing"),
        ({"url": "mail.example", "sender": "a@b.example"}, "must look like smtp://"),
        ({"url": "smtp://u:p@mail.example", "sender": "a@b.example"}, "must look like smtp://"),
        ({"url": "smtps://m", "sender": "a@b.example", "plain": True}, "plain is set, but the URL begins with smtps"),
        ({"url": "smtp://m", "sender": "a@b.example", "username": "u"}, "username and password"),
        ({"url": "smtp://m", "sender": "a@b.example", "plain": True, "username": "u", "password": "p"}, "never sent"),
    ],
)
def test_wrong_smtp_settings_are_named(smtp: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match="smtp") as error:
        loaded(smtp=smtp)
    assert said in str(error.value)
