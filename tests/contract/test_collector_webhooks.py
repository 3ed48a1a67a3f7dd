"""Webhooks over HTTP on a real Kafka: who proves who they are is heard, each delivery counts once."""

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook

from collectors.server.services import services
from models.settings import SettingsError
from ops.local import Kafka
from tests.contract.collector_rig import Collector, collecting, settings_of, with_topics

pytestmark = pytest.mark.servers
SECRET, NEXT = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "whsec_" + "bmV4dC1uZXh0LW5leHQtbmV4dC1uZXh0LW5leHQ="
MAILGUN = "key-of-mailgun"


@pytest.fixture(scope="module")
def app_id(kafka: Kafka) -> str:
    """With topics, which these tests share."""
    return with_topics(kafka.bootstrap)


@pytest.fixture
async def collector(kafka: Kafka, app_id: str) -> AsyncIterator[Collector]:
    """With three webhooks and no write key."""
    hooks = [
        {"provider": "standard", "source": "crm", "tenant": "acme", "secrets": [SECRET, NEXT]},
        {"provider": "mailgun", "source": "main", "tenant": "acme", "secrets": [MAILGUN]},
        {"provider": "meta_comments", "source": "page", "tenant": "acme", "secrets": ["app-secret:word"]},
    ]
    async with collecting(settings_of(kafka.bootstrap, app_id, {"webhooks": hooks, "pseudonym_key": "p" * 32})) as one:
        yield one


async def deliver(
    collector: Collector, events: object, name: str = "m-1", secret: str = SECRET, flip: bool = False
) -> int:
    from datetime import UTC, datetime

    body = orjson.dumps(events).decode()
    now = datetime.now(UTC)
    headers = {"webhook-id": name, "webhook-timestamp": str(int(now.timestamp())),
               "webhook-signature": Webhook(secret).sign(name, now, body)}  # fmt: skip
    content = body.replace("D-1", "D-2") if flip else body
    answer = await collector.client.post("/v1/webhooks/standard/crm", content=content, headers=headers)
    return answer.status_code


def won(deal: str = "D-1") -> dict[str, object]:
    return {"type": "crm.deal.won", "time": "2026-05-01T10:00:00Z", "data": {"deal_id": deal}}


async def test_a_proven_delivery_is_in_kafka_for_the_webhooks_tenant(collector: Collector) -> None:
    assert await deliver(collector, [won("D-1"), won("D-2")], "m-1") == 200
    assert await deliver(collector, won("D-3"), "m-2", NEXT) == 200  # the secret that takes over
    found = await collector.arrived()
    assert [(one["id"], one["tenantid"], one["source"]) for one in sorted(found, key=lambda one: one["id"])] == [
        (name, "acme", "/webhooks/standard/crm") for name in ("m-1-0", "m-1-1", "m-2")
    ]


async def test_a_changed_delivery_writes_nothing(collector: Collector) -> None:
    assert await deliver(collector, won(), flip=True) == 401
    assert await deliver(collector, won(), secret="whsec_" + "b3RoZXItb3RoZXItb3RoZXItb3RoZXI=") == 401
    assert (await collector.client.post("/v1/webhooks/standard/crm", json=won())).status_code == 401
    assert (await collector.client.post("/v1/webhooks/standard/other", json=won())).status_code == 404
    assert (await collector.client.post("/v1/webhooks/nobody/crm", json=won())).status_code == 404
    assert await collector.ids() == []


async def test_a_repeated_delivery_has_the_same_ids(collector: Collector) -> None:
    assert [await deliver(collector, won(), "m-9") for _ in range(3)] == [200] * 3
    assert await collector.ids() == ["m-9"] * 3  # the worker counts one


def mailgun(token: str, event: str = "delivered", number: int = 1) -> dict[str, object]:
    stamp = str(int(time.time()))
    signature = hmac.new(MAILGUN.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    data = {"id": f"mg-{number}", "event": event, "timestamp": time.time(), "recipient": "maija@example.fi",
            "message": {"headers": {"message-id": f"m{number}@acme.example"}}}  # fmt: skip
    return {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": data}


async def test_a_mailgun_token_is_good_for_one_body(collector: Collector) -> None:
    address, token = "/v1/webhooks/mailgun/main", "t" * 50
    first, other = mailgun(token), mailgun(token, "opened", 2)
    assert [(await collector.client.post(address, json=one)).status_code for one in (first, first, other)] == [
        200,
        200,
        401,
    ]
    found = await collector.arrived()
    assert len(found) == 1
    assert "maija" not in str(found)


async def test_a_handshake_is_answered(collector: Collector) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "word", "hub.challenge": "1158201444"}
    answer = await collector.client.get("/v1/webhooks/meta_comments/page", params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    wrong = await collector.client.get("/v1/webhooks/meta_comments/page", params={**asked, "hub.verify_token": "x"})
    assert wrong.status_code == 401


async def test_a_bad_item_is_answered_200_so_that_it_does_not_come_again(collector: Collector) -> None:
    bad = {"type": "crm.deal.won", "data": {}}
    assert await deliver(collector, [won(), bad], "m-5") == 200
    assert len(await collector.ids()) == 2


def test_a_secret_in_a_file_is_read_anew(kafka: Kafka, tmp_path: Path) -> None:
    file, clock = tmp_path / "secret", [1_800_000_000_000]
    file.write_text("one\n")
    hook = {"provider": "mailgun", "source": "a", "tenant": "acme", "secret_files": [str(file)]}
    parts = services(settings_of(kafka.bootstrap, "x", {"webhooks": [hook]}), lambda: clock[0])
    assert parts.hooks.find("mailgun", "a").secrets == ("one",)
    file.write_text("two\n")
    clock[0] += 6_000
    assert parts.hooks.find("mailgun", "a").secrets == ("two",)
    file.unlink()
    clock[0] += 6_000
    assert parts.hooks.find("mailgun", "a").secrets == ()


def test_a_provider_there_is_not_is_named_at_the_start(kafka: Kafka) -> None:
    hook = {"provider": "hubspott", "source": "a", "tenant": "acme", "secrets": ["s"]}
    with pytest.raises(SettingsError, match=r"collect\.webhooks\.0\.provider.*hubspot"):
        services(settings_of(kafka.bootstrap, "x", {"webhooks": [hook]}), lambda: 0)


async def test_a_system_that_a_table_describes_is_heard(kafka: Kafka, app_id: str) -> None:
    rule = {"type": "deal.won", "when": {"status": "won"}, "id": "{change}", "data": {"deal_id": "{deal}"}}
    table = {"proof": "header", "header": "X-Token", "events": [rule]}
    hook = {"provider": "ours", "source": "a", "tenant": "acme", "secrets": ["long-enough"]}
    settings = settings_of(kafka.bootstrap, app_id, {"webhooks": [hook], "mappings": {"ours": table}})
    async with collecting(settings) as one:
        body, token = {"status": "won", "deal": "D-1", "change": 7}, {"X-Token": "long-enough"}
        assert (await one.client.post("/v1/webhooks/ours/a", json=body, headers=token)).status_code == 200
        assert (await one.client.post("/v1/webhooks/ours/a", json=body)).status_code == 401
        assert [found["type"] for found in await one.arrived()] == ["crm.deal.won"]


@pytest.mark.parametrize(("name", "table"), [("ours", {"proof": "nothing"}), ("hubspot", {})])
def test_a_wrong_table_is_named_at_the_start(kafka: Kafka, name: str, table: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=rf"collect\.mappings\.{name}"):
        services(settings_of(kafka.bootstrap, "x", {"mappings": {name: table}}), lambda: 0)
