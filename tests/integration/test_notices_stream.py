"""Messages as entries of a real Redis stream: once each, however often they are tried."""

import asyncio
import json
from typing import Any

import pytest
from redis.asyncio import Redis

from models.settings import load_settings
from notify.channels import Channels
from notify.sending import NotSent
from tests.unit.notify.deliveries import delivery

pytestmark = pytest.mark.servers
CHANNEL = {"name": "ops", "tenant": "acme", "kind": "stream"}


async def test_each_message_is_added_once(redis_url: str) -> None:
    settings = load_settings({"redis": {"url": redis_url}}, {"notify": {"channels": [CHANNEL]}})
    async with Channels(settings, lambda: 0) as channels, Redis.from_url(redis_url, decode_responses=True) as redis:
        await asyncio.gather(*(channels.send(delivery()) for _ in range(20)))
        await channels.send(delivery(id="msg_2"))
        entries: Any = await redis.xrange("crmkpi:{acme}:notices")
    assert [fields["id"] for _, fields in entries] == ["msg_1", "msg_2"]
    assert json.loads(entries[0][1]["message"])["type"] == "kpi.alert.raised"


async def test_a_redis_that_is_away_is_tried_again() -> None:
    settings = load_settings({"redis": {"url": "redis://127.0.0.1:1/0"}}, {"notify": {"channels": [CHANNEL]}})
    async with Channels(settings, lambda: 0) as channels:
        with pytest.raises(NotSent, match=r"127\.0\.0\.1:1") as error:
            await channels.send(delivery())
    assert not error.value.for_good
