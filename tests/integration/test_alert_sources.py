"""What rules are judged by, on real servers: lag, dead letters, and servers that are away."""

import pytest

from alerts.sources import Unavailable
from cli.alert_sources import AlertSources
from models.settings import load_settings
from tests.integration.streams_rig import Rig

pytestmark = pytest.mark.servers


async def test_nothing_is_behind_and_nothing_is_dead_at_first(rig: Rig) -> None:
    async with AlertSources(rig.settings) as sources:
        assert await sources.lag() == 0
        assert await sources.letters() == {}
        assert await sources.numbers.status("acme") is None


async def test_servers_that_are_away_are_no_reason_for_anything() -> None:
    nowhere = {"kafka": {"bootstrap_servers": "127.0.0.1:1"}, "redis": {"url": "redis://127.0.0.1:1/0"}}
    async with AlertSources(load_settings(nowhere)) as sources:
        with pytest.raises(Unavailable):
            await sources.lag()
        with pytest.raises(Unavailable):
            await sources.letters()
