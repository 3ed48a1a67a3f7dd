"""The collector over HTTP on a real Kafka: what is acknowledged is there, what is refused says why."""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from models.record import RawRecord
from models.validate import validate
from ops.local import Kafka
from tests.contract.collector_rig import SOON, Collector, collecting, settings_of, with_topics
from touchpoints.kafka import KafkaTouchpoints

pytestmark = pytest.mark.servers
KEY, PAGE_KEY, OLD_KEY, BETA_KEY = "key-of-a-server", "key-of-a-page", "key-that-ended", "key-of-beta"
SITE = "https://acme.example"


def sha(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


KEYS = [
    {"sha256": sha(KEY), "tenant": "acme", "source": "/server"},
    {"sha256": sha(PAGE_KEY), "tenant": "acme", "source": "/web", "origins": [SITE]},
    {"sha256": sha(OLD_KEY), "tenant": "acme", "source": "/old", "until": "2020-01-01T00:00:00Z"},
    {"sha256": sha(BETA_KEY), "tenant": "beta", "source": "/server"},
]


@pytest.fixture(scope="module")
def app_id(kafka: Kafka) -> str:
    """With topics, which these tests share."""
    return with_topics(kafka.bootstrap)


@pytest.fixture
async def collector(kafka: Kafka, app_id: str) -> AsyncIterator[Collector]:
    """With the keys above."""
    given = {"keys": KEYS, "pseudonym_key": "p" * 32, "address_events_per_minute": 40}
    async with collecting(settings_of(kafka.bootstrap, app_id, given)) as one:
        yield one


@pytest.fixture
async def local(kafka: Kafka, app_id: str) -> AsyncIterator[Collector]:
    """Without any keys: this machine only."""
    async with collecting(settings_of(kafka.bootstrap, app_id, {})) as one:
        yield one


def basic(key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


def view(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"v-{number}", "type": "crm.page.viewed", "time": "2026-05-01T10:00:00Z",
            "data": {"url": f"{SITE}/{number}", "anonymous_id": f"v-{number}"}, **more}  # fmt: skip


async def send(collector: Collector, body: Any, key: str = KEY, **headers: str) -> Any:
    return await collector.client.post("/events", json=body, headers={**basic(key), **headers})


async def test_what_is_acknowledged_is_in_kafka_for_the_keys_tenant(collector: Collector) -> None:
    answer = await send(collector, [view(1), view(2, tenantid="beta", source="/mine")])
    assert (answer.status_code, answer.json()) == (200, {"success": True, "accepted": 2, "rejected": []})
    first, second = sorted(await collector.arrived(), key=lambda one: one["id"])
    assert (first["tenantid"], first["source"]) == ("acme", "/server")
    assert (second["tenantid"], second["source"]) == ("acme", "/mine")  # the body cannot choose a tenant
    assert first["data"] == view(1)["data"]
    assert first["time"] == "2026-05-01T10:00:00Z"
    assert abs(collector.clock() - ms(first["recordedtime"])) < SOON * 1000


def ms(text: str) -> int:
    from models.instant import instant

    return instant(text, "time")


async def test_a_type_goes_to_its_topic(collector: Collector) -> None:
    won = {"id": "d-1", "type": "crm.deal.won", "time": "2026-05-01T10:00:00Z", "data": {"deal_id": "D-1"}}
    await send(collector, [view(1), won])
    assert [one["id"] for one in await collector.arrived("crm.touchpoints.deals.v1")] == ["d-1"]
    assert [one["id"] for one in await collector.arrived("crm.touchpoints.pages.v1")] == ["v-1"]


async def test_each_item_has_its_verdict_and_a_bad_one_is_a_dead_letter_to_be(collector: Collector) -> None:
    bad = view(2)
    del bad["data"]["url"]
    answer = await send(collector, [view(1), bad, "no event", view(3)])
    verdict = answer.json()
    assert (answer.status_code, verdict["success"], verdict["accepted"]) == (200, True, 2)
    assert next((one["index"], one["code"], one["field"]) for one in verdict["rejected"]) == (1, "missing_field", "url")
    assert [one["index"] for one in verdict["rejected"]] == [1, 2]
    assert len(await collector.records()) == 4  # the worker makes dead letters of two of them, each once


async def test_nothing_of_a_request_that_is_all_wrong_is_a_success(collector: Collector) -> None:
    answer = await send(collector, [{"id": "x", "type": "nothing"}])
    assert (answer.status_code, answer.json()["success"]) == (400, False)


async def test_segments_clients_are_understood(collector: Collector) -> None:
    call = {"userId": "u-1", "messageId": "m-1", "name": "Home", "properties": {"url": f"{SITE}/", "path": "/"},
            "context": {"traits": {"email": "maija@example.fi"}, "ip": "192.0.2.1"}}  # fmt: skip
    answer = await collector.client.post("/v1/page", json=call, headers=basic(KEY))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    batch = {"batch": [{"type": "page", **call, "messageId": "m-2"}, {"type": "page", "messageId": "m-3"}]}
    answer = await collector.client.post("/v1/batch", json=batch, headers=basic(KEY))
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    written = orjson.dumps(await collector.arrived())
    assert b"maija" not in written
    assert b"192.0.2.1" not in written
    assert {"m-1", "m-2"} <= set(await collector.ids())


async def test_a_page_sends_without_a_preflight_with_the_key_in_the_body(collector: Collector) -> None:
    body = orjson.dumps({"writeKey": PAGE_KEY, "batch": [{"type": "page", "anonymousId": "a-1", "messageId": "m-1",
                                                          "properties": {"url": f"{SITE}/"}}]})  # fmt: skip
    headers = {"Content-Type": "text/plain", "Origin": SITE}
    answer = await collector.client.post("/v1/batch", content=body, headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, SITE)
    assert "Origin" in answer.headers["vary"]
    assert await collector.ids() == ["m-1"]


@pytest.mark.parametrize("origin", ["https://evil.example", f"{SITE}.evil.example", "null", "http://acme.example"])
async def test_pages_of_other_origins_are_refused(collector: Collector, origin: str) -> None:
    answer = await send(collector, view(1), PAGE_KEY, Origin=origin)
    assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await collector.client.options("/events", headers=asked)).headers
    assert await collector.ids() == []


async def test_a_servers_key_is_of_no_use_in_a_browser(collector: Collector) -> None:
    assert (await send(collector, view(1), KEY, Origin=SITE)).status_code == 403


@pytest.mark.parametrize(
    ("key", "code"), [("", "no_key"), ("wrong", "key"), (OLD_KEY, "key_expired"), (sha(KEY), "key")]
)
async def test_without_a_good_key_nothing_is_written(collector: Collector, key: str, code: str) -> None:
    answer = await send(collector, view(1), key)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert await collector.ids() == []


async def test_whoever_guesses_keys_is_stopped(collector: Collector) -> None:
    codes: list[int] = []
    while 429 not in codes and len(codes) <= 2 * 60:  # a minute may end meanwhile
        codes.append((await send(collector, view(1), f"guess-{len(codes)}")).status_code)
    assert codes == [401] * (len(codes) - 1) + [429]
    assert len(codes) > 60


async def test_without_keys_the_tenants_name_is_the_key(local: Collector) -> None:
    assert (await send(local, view(1), "acme")).status_code == 200
    assert (await send(local, view(2), "No Tenant!")).status_code == 401
    assert [one["tenantid"] for one in await local.arrived()] == ["acme"]


BODIES = {
    "nothing": (b"", {}, 400),
    "null": (b"null", {}, 400),
    "no JSON": (b"not json{", {}, 400),
    "cut": (b'{"id": "1", "type"', {}, 400),
    "two documents": (b"{}{}", {}, 400),
    "UTF-16": ('{"id":"1"}'.encode("utf-16"), {}, 400),
    "no UTF-8": (b'{"id":"\xff\xfe"}', {}, 400),
    "no gzip": (b"\x1f\x8bgarbage", {"Content-Encoding": "gzip"}, 400),
    "half a gzip": (gzip.compress(b"[]" * 500)[:-12], {"Content-Encoding": "gzip"}, 400),
    "more behind a gzip": (gzip.compress(b"[]") + b"x", {"Content-Encoding": "gzip"}, 400),
    "a bomb": (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413),
    "large": (b" " * 600_000, {}, 413),
    "brotli": (b"[]", {"Content-Encoding": "br"}, 415),
    "a number": (b"7", {}, 400),
    "deep": (b"[" * 10_000 + b"]" * 10_000, {}, 400),
    "empty batch": (b"[]", {}, 400),
    "10,001 events": (b"[" + b"1," * 10_000 + b"1]", {}, 400),
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body_is_refused_and_the_next_is_not(collector: Collector, name: str) -> None:
    content, headers, status = BODIES[name]
    json = {"Content-Type": "application/json", **basic(KEY), **headers}
    answer = await collector.client.post("/events", content=content, headers=json)
    assert (answer.status_code, answer.json()["success"]) == (status, False), answer.text
    assert answer.json()["detail"]
    assert (await send(collector, view(1))).status_code == 200
    assert await collector.ids() == ["v-1"]


async def test_a_large_body_ends_while_it_arrives(collector: Collector) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 65_536

    with contextlib.suppress(httpx.ReadError):  # the connection ends, and may do so before the answer was read
        assert (await collector.client.post("/events", content=endless(), headers=basic(KEY))).status_code == 413
    assert sent < 400


async def test_a_slow_body_ends(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.server.body.SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", collector.port)
    writer.write(b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), SOON)
    writer.close()


async def test_gzip_is_understood(collector: Collector) -> None:
    content = gzip.compress(orjson.dumps([view(1), view(2)]))
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", **basic(KEY)}
    assert (await collector.client.post("/events", content=content, headers=headers)).json()["accepted"] == 2


async def test_a_page_that_floods_is_slowed_and_servers_are_not(collector: Collector) -> None:
    many = [view(number) for number in range(30)]
    answers = [await send(collector, many, PAGE_KEY, Origin=SITE) for _ in range(4)]  # a minute may end meanwhile
    assert answers[0].status_code == 200
    answer = next(one for one in answers if one.status_code != 200)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert (await send(collector, many)).status_code == 200


async def test_debug_shows_the_event_and_writes_nothing(collector: Collector) -> None:
    answer = await collector.client.post("/events?debug=true", json=view(1), headers=basic(KEY))
    assert answer.json()["events"][0]["tenantid"] == "acme"
    assert await collector.ids() == []


async def test_the_pixel_is_a_picture_and_an_event(collector: Collector) -> None:
    query = {"writeKey": PAGE_KEY, "anonymousId": "a-1", "messageId": "m-1"}
    answer = await collector.client.get("/v1/pixel/page", params=query, headers={"Referer": f"{SITE}/mail"})
    assert (answer.status_code, answer.headers["content-type"], answer.content[:3]) == (200, "image/gif", b"GIF")
    assert (await collector.arrived())[0]["data"]["url"] == f"{SITE}/mail"


async def test_nothing_secret_is_logged(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await send(collector, view(1, id="maija@example.fi"), "wrong-key-1234")
        await send(collector, [{"type": "x", "email": "maija@example.fi"}])
    assert "maija" not in caplog.text
    assert "wrong-key" not in caplog.text
    metrics = (await collector.client.get("/metrics")).text
    assert "acme" not in metrics
    assert 'crmkpi_collect_rejected_total{reason="foreign_type"} 1.0' in metrics


async def test_without_a_broker_nothing_is_acknowledged(
    kafka: Kafka, app_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.server.publish.ACK_S", 3.0)
    async with collecting(settings_of(kafka.bootstrap, app_id, {})) as one:
        assert (await send(one, view(1), "acme")).status_code == 200
        kafka.unit.pause()
        try:
            answer = await send(one, view(2), "acme")
            assert answer.status_code in (503, 504)
            assert int(answer.headers["retry-after"]) >= 1
            assert (await one.client.get("/readyz")).status_code == 503
        finally:
            kafka.unit.resume()
        async with asyncio.timeout(SOON):
            while (await send(one, view(2), "acme")).status_code != 200:
                await asyncio.sleep(0.2)
        assert set(await one.ids()) == {"v-1", "v-2"}


async def test_the_kafka_client_writes_what_the_worker_accepts(kafka: Kafka, local: Collector) -> None:
    """Without a collector, on the topic of each type."""
    prefix = local.settings.topic_prefix
    async with KafkaTouchpoints(kafka.bootstrap, tenant="acme", topic_prefix=prefix, source="/shop") as client:
        await client.track("deal.won", {"deal_id": "D-1"}, id="k-1", time="2026-05-01T10:00:00Z")
        await client.track("page.viewed", {"url": f"{SITE}/", "anonymous_id": "v-1"}, id="k-2")
    assert [one["id"] for one in await local.arrived("crm.touchpoints.deals.v1")] == ["k-1"]
    values = [value for _, value in await local.records()]
    rows, refused = validate([RawRecord("t", 0, at, local.clock(), None, value) for at, value in enumerate(values)])
    assert sorted((row.id, row.tenant, row.source) for row in rows) == [
        ("k-1", "acme", "/shop"),
        ("k-2", "acme", "/shop"),
    ]
    assert refused == []
