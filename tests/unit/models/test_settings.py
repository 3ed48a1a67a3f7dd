"""Settings: where they come from, and what is said when they are wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from models import topics
from models.settings import Settings, SettingsError, TenantBook, TenantSettings, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No settings of the machine leak in: neither variables nor a .env file."""
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "CRMKPI_REDIS__URL", "CRMKPI_KAFKA__BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_need_nothing() -> None:
    """A laptop with both servers on their usual ports."""
    settings = Settings()
    assert settings.kafka.bootstrap_servers == "localhost:9092"
    assert (settings.app_id, settings.input_partitions, settings.journal_partitions) == ("crmkpi", 4, 12)


def test_plain_names_are_honoured_and_prefixed_ones_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tools' variables work as they are."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "plain:1")
    monkeypatch.setenv("REDIS_URL", "redis://plain:1")
    monkeypatch.setenv("CRMKPI_REDIS__URL", "redis://ours:1")
    settings = Settings()
    assert (settings.kafka.bootstrap_servers, settings.redis.url) == ("plain:1", "redis://ours:1")


def test_order_is_argument_environment_file_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearer to the call, the stronger."""
    monkeypatch.setenv("CRMKPI_APP_ID", "environment")
    file = {"app_id": "file", "input_partitions": 2, "topic_prefix": "file.", "tenants": {}}
    settings = load_settings({"topic_prefix": "argument."}, file)
    assert (settings.topic_prefix, settings.app_id, settings.input_partitions) == ("argument.", "environment", 2)


def test_a_wrong_setting_is_named() -> None:
    """Without its value: it may be a password."""
    with pytest.raises(SettingsError, match=r"redis\.url") as caught:
        load_settings({"redis": {"url": "http://:hunter2@x"}})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"tenants": {"acme": {"tz": "Mars/Olympus"}}}, r"tenants\.acme\.tz"),
        ({"tenants": {"acme": {"tz": "../etc/passwd"}}}, r"tenants\.acme\.tz"),
        ({"tenants": {"acme": {"currency": "XXX"}}}, r"tenants\.acme\.currency"),
        ({"tenants": {"acme": {"timezone": "UTC"}}}, r"tenants\.acme\.timezone"),
        ({"tenants": {"acme": 7}}, r"tenants\.acme: must be a table"),
        ({"tenants": {"A B": {}}}, r"tenants: a tenant's name"),
        ({"tenant": {"low_n": -1}}, r"tenant\.low_n"),
        ({"tenant": {"kpis": ["win_rate", "wun_rate"]}}, r"tenant\.kpis: no such KPI \(.*\): wun_rate$"),
        (
            {"tenants": {"acme": {"windows": ["7d", "8d"]}}},
            r"tenants\.acme\.windows: no such window \(one of .*\): 8d$",
        ),
        ({"tenant": []}, r"tenant: must be a table"),
    ],
)
def test_a_wrong_tenant_setting_is_named(content: dict[str, Any], named: str) -> None:
    """The path of the field in the file."""
    with pytest.raises(SettingsError, match=named):
        TenantBook.from_mapping(content)


def test_a_tenant_has_the_shared_defaults_and_its_own() -> None:
    """[tenant] for all, [tenants.acme] on top."""
    shared = {"currency": "usd", "low_n": 5}
    book = TenantBook.from_mapping({"tenant": shared, "tenants": {"acme": {"tz": "Asia/Tokyo"}}})
    assert book["acme"] == TenantSettings(currency="USD", low_n=5, tz="Asia/Tokyo")
    assert book["anybody"] == TenantSettings(currency="USD", low_n=5)
    assert (list(book), len(book), "anybody" in book) == (["acme"], 1, False)
    assert str(book["acme"].zone) == "Asia/Tokyo"


def test_the_order_of_what_is_asked_for_does_not_matter() -> None:
    """Nor what is asked for twice: the same is counted."""
    asked = TenantSettings(kpis=("win_rate", "visitors", "win_rate"), windows=("month", "7d"))
    assert (asked.kpis, asked.windows) == (("visitors", "win_rate"), ("7d", "month"))


def test_settings_cannot_be_changed() -> None:
    """Numbers depend on them."""
    with pytest.raises(ValidationError):
        TenantSettings().low_n = 1  # type: ignore[misc]


def test_topic_names_carry_the_prefix() -> None:
    """Several installations share a broker."""
    settings = Settings(topic_prefix="x.", app_id="app")
    assert topics.journal(settings) == "x.kpi.accepted.v1"
    assert topics.state(settings) == "x.app-state"
    assert topics.topic_of(settings, "crm.deal.won.v1") == "x.crm.touchpoints.deals.v1"
    assert topics.topic_of(settings, "crm.robot.dreamt") is None
    assert len(topics.inputs(settings)) == 10
    assert len(set(topics.every(settings))) == 24
    assert topics.dead_letters("x.crm.costs.v1") == "x.crm.costs.v1.dlq"
