"""Errors that a user can mend: the cause, the setting, the exit code."""

from pathlib import Path

import orjson
import pytest

from cli.away import redis_away
from cli.exits import UNAVAILABLE, CliError
from cli.send import check
from models.settings import load_settings
from sinks.base import SinkUnavailable


def test_a_redis_that_is_away_is_looked_at_once_more() -> None:
    """The line says that nobody listens there and which setting to correct, not only what the client raised."""
    told = redis_away(SinkUnavailable("redis://127.0.0.1:1/0: Error 111 connecting", "redis://127.0.0.1:1/0"))
    assert told.code == UNAVAILABLE
    assert "nothing is listening on 127.0.0.1:1" in str(told)
    assert "REDIS_URL" in str(told)


def test_an_event_of_a_tenant_that_workers_refuse_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """As any other event that would become a dead letter; where tenants are open everybody may send."""
    event = orjson.dumps({"type": "crm.deal.won", "tenantid": "ghost", "data": {"deal_id": "D"}})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crmkpi.toml").write_text("[tenants.acme]\n")
    check([event], load_settings())
    with pytest.raises(CliError, match="unknown_tenant tenantid"):
        check([event], load_settings({"tenants_open": False}))
