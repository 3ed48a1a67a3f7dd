"""What only a real server can do: be away, restart, refuse, run out of memory, be a cluster; and the keys' layout."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from sinks.base import Note, Points, QueryPort, SinkUnavailable, TenantRefused
from sinks.client import connect
from sinks.keys import Keys
from sinks.read import RedisReader
from sinks.redis_sink import RedisSink
from tests.contract.boards import Server, board, document, publication

pytestmark = pytest.mark.servers
AT_ONCE_S = 15.0  # it is less than three where nothing else runs


@pytest.fixture
async def sink(server: Server) -> AsyncIterator[RedisSink]:
    """A sink on the test's own server."""
    opened = RedisSink(server.url)
    yield opened
    await opened.close()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Redis]:
    """A plain client on the test's own server."""
    opened = connect(server.url)
    yield opened
    await opened.aclose()


async def test_layout_is_what_the_documentation_says(sink: RedisSink, client: Redis) -> None:
    """Key names, types, texts and times to live are a promise to dashboards that read Redis without us."""
    parts: dict[str, Any] = {"parts": {"open": 2}, "segment": {"source": "google: ads"}, "value": None, "unit": "ratio"}
    points = Points("orders", "day", "2026-11-13", "2026-11-14", {"2026-11-14": ["12.50", 2, "low_n"]})
    await sink.publish(publication(7, document(**parts), document(window="today"), epoch=3, as_of=99, points=[points]))
    c: Any = client
    base = "crmkpi:{acme}:"
    found = await c.hgetall(base + "kpi:orders:30d:source=google%3A%20ads")
    assert found["value"] == ""
    assert found["n"] == "30"
    assert found["segment"] == '{"source":"google: ads"}'
    assert found["parts"] == '{"open":2}'
    assert found["_text"] == "rev"
    assert await c.hgetall(base + "series:orders:day") == {"2026-11-14": '["12.50",2,"low_n"]'}
    assert 0 < await c.ttl(base + "series:orders:day") <= 400 * 86_400
    assert (await c.get(base + "snapshot:today")).startswith('[{"kpi":"orders","window":"today",')
    assert await c.smembers(base + "idx:kpis") == {"orders"}
    assert await c.smembers(base + "idx:docs") == {"orders:today", "orders:30d:source=google%3A%20ads"}
    assert await c.smembers("crmkpi:tenants") == {"acme"}
    assert await c.hgetall(base + "meta") == {
        "epoch": "3", "position": "7", "as_of": "99", "rev": "3.7", "documents": "2", "waiting": "0",
        "published": "1", "lane": "0", "catching_up": "",
    }  # fmt: skip
    (_, entry), *_ = await c.xrange(base + "updates")
    assert entry == {"rev": "3.7", "as_of": "99", "kpis": "orders", "documents": "2", "full": "0"}


def test_key_names() -> None:
    """The names other programs may make for themselves."""
    keys = Keys("p:q")
    assert keys.document("acme", "win_rate", "30d", {"owner": "anna"}) == "p:q:{acme}:kpi:win_rate:30d:owner=anna"
    assert keys.snapshot("acme", "30d") == "p:q:{acme}:snapshot:30d"
    assert keys.updates("acme") == "p:q:{acme}:updates"
    assert keys.base("a}b") == "p:q:{a%7Db}:"
    for prefix in ("", "a{b", "a:", "a b", "*"):
        with pytest.raises(ValueError, match="key prefix"):
            Keys(prefix)
    with pytest.raises(ValueError, match="tenant"):
        keys.base("")


async def test_updates_stream_is_bounded_in_bytes(server: Server, client: Redis) -> None:
    """As many updates are kept as there is room for, whether they name one KPI or all."""
    sink = RedisSink(server.url, updates_bytes=60_000)
    c: Any = client
    for names in (1, 140):
        told = tuple(f"a_key_performance_indicator_{n}" for n in range(names))
        for position in range(800):
            await sink.publish(publication(position, document(), kpis=told, epoch=names))
        assert await c.memory_usage("crmkpi:{acme}:updates", samples=0) < 4 * 60_000 + 100 * 140 * 32
        assert await client.xlen("crmkpi:{acme}:updates") >= 100
    await sink.close()


async def test_a_store_of_an_earlier_release_goes_on(sink: RedisSink, client: Redis) -> None:
    """Its snapshots were one line, with a hash of the same documents beside each."""
    c: Any = client
    old = [document(kpi) for kpi in ("a", "b")]
    base = "crmkpi:{acme}:"
    await c.set(base + "snapshot:30d", orjson.dumps(old))
    await c.hset(base + "board:30d", mapping={one["kpi"]: orjson.dumps(one) for one in old})
    await c.sadd(base + "idx:windows", "30d")
    await c.sadd(base + "idx:docs", "a:30d", "b:30d")
    await sink.publish(publication(1, document("b", value=2)))
    assert orjson.loads(await c.get(base + "snapshot:30d")) == [old[0], document("b", value=2)]
    assert not await c.exists(base + "board:30d", base + "idx:windows")


async def test_flushall_and_restart_are_healed_by_publishing_again(
    server: Server, sink: RedisSink, client: Redis
) -> None:
    """Neither lost data nor a lost script stands in the way of the next full publication."""
    full = publication(5, *board(40, 1), full=True)
    async with RedisReader(server.url) as reader:
        await sink.publish(full)
        before = await reader.documents("acme")
        for lose in ("flush", "restart"):
            if lose == "flush":
                await client.flushall()
            else:
                server.kill()
                await server.start()
            assert await sink.revision("acme") is None
            assert await sink.publish(full)
            assert await reader.documents("acme") == before


async def test_server_that_is_away_is_reported_quickly(server: Server, sink: RedisSink) -> None:
    """A refused connection is a SinkUnavailable at once, and the same sink works when the server is back."""
    await sink.publish(publication(1, document()))
    server.kill()
    started = time.perf_counter()
    for attempt in (sink.publish(publication(2, *board(2000, 1))), sink.revision("acme")):
        with pytest.raises(SinkUnavailable, match=f"127.0.0.1:{server.port}"):
            await attempt
    assert time.perf_counter() - started < AT_ONCE_S
    await server.start()
    assert await sink.publish(publication(2, document()))


async def test_frozen_server_is_reported_quickly(server: Server, sink: RedisSink) -> None:
    """A server that holds the line but never answers costs a few seconds at most, whatever there is to publish."""
    await sink.publish(publication(1, document()))
    server.freeze()
    try:
        started = time.perf_counter()
        with pytest.raises(SinkUnavailable, match="no answer"):
            await sink.publish(publication(2, *board(5000, 1)))
        assert time.perf_counter() - started < AT_ONCE_S
    finally:
        server.thaw()
    assert await sink.publish(publication(2, document(value=2)))
    assert await sink.revision("acme") == (0, 2, 0)


@pytest.mark.parametrize(
    ("setting", "value"), [("maxmemory", "1mb"), ("min-replicas-to-write", "1"), ("requirepass", "secret")]
)
async def test_server_that_refuses_writes_nothing(server: Server, client: Redis, setting: str, value: str) -> None:
    """Out of memory, without its replicas, asking for a password: all are unavailability, nothing is half-written."""
    sink = RedisSink(server.url)
    await sink.publish(publication(1, document(), tenant="other"))
    await client.config_set("maxmemory-policy", "noeviction")
    await client.config_set(setting, value)
    await sink.close()  # a connection that was let in stays in
    for tenant in ("acme", "other"):  # a new one, and one whose old documents would give way first
        with pytest.raises(SinkUnavailable):
            await sink.publish(publication(2, *board(5000, 1), tenant=tenant))
    back = "" if setting == "requirepass" else "0"
    await client.config_set(setting, back)
    assert await client.keys("crmkpi:{acme}:*") == []
    assert await sink.revision("other") == (0, 1, 0)
    assert await sink.publish(publication(1, document()))
    await sink.close()


async def test_errors_do_not_tell_the_password(server: Server) -> None:
    """What is logged names the address, never who logs in with what."""
    sink = RedisSink(f"redis://me:hunter2@127.0.0.1:{server.port}/0")
    with pytest.raises(SinkUnavailable) as raised:
        await sink.publish(publication(1, document()))
    await sink.close()
    assert "hunter2" not in str(raised.value)
    assert f"127.0.0.1:{server.port}" in str(raised.value)


async def test_cluster_takes_a_publication(tmp_path: Path) -> None:
    """Every key the script touches lies in the slot of the one it declares: a cluster runs it as it is."""
    server = Server(tmp_path, "--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")
    await server.start()
    sink = RedisSink(server.url)
    client: Any = connect(server.url)
    try:
        await client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        async with asyncio.timeout(60):  # a new node waits two seconds before it takes writes
            while "cluster_state:ok" not in await client.execute_command("CLUSTER", "INFO"):
                await asyncio.sleep(0.1)
        full = publication(1, *board(40, 1), document(window="today"), full=True)
        assert await sink.publish(full)
        keys = [key async for key in client.scan_iter() if key != "crmkpi:tenants"]
        assert len(keys) > 40
        assert len({await client.execute_command("CLUSTER", "KEYSLOT", key) for key in keys}) == 1
        async with RedisReader(server.url) as reader:
            assert len(await reader.documents("acme")) == 41
    finally:
        await sink.close()
        await client.aclose()
        server.kill()


async def test_documented_rights_are_enough(server: Server, client: Redis) -> None:
    """The two users of docs/security.md can do their work, and the reader cannot write."""
    c: Any = client
    acl = [
        line
        for line in (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("ACL SETUSER")
    ]
    for line in acl:
        await c.execute_command(*line.replace(">…", ">change-me").split())
    worker = RedisSink(server.url.replace("//", "//crmkpi-worker:change-me@"))
    viewer_url = server.url.replace("//", "//crmkpi-reader:change-me@")
    await worker.publish(publication(1, document(), full=True))
    async with RedisReader(viewer_url) as reader:
        assert await reader.documents("acme") == await reader.snapshot("acme", "30d") == [document()]
        assert await reader.tenants() == ["acme"]
        async for update in reader.updates("acme", "0"):
            assert update.kpis == ("orders",)
            break
    viewer = RedisSink(viewer_url)
    with pytest.raises(SinkUnavailable):
        await viewer.publish(publication(2, document()))
    for sink in (worker, viewer):
        await sink.close()


@pytest.mark.parametrize("key", ["meta", "idx:docs", "updates"])
async def test_keys_of_another_type_are_one_tenants_matter(sink: RedisSink, client: Redis, key: str) -> None:
    """Whoever wrote there: the error says it is not the server, and the others can be written and asked for."""
    await client.set(f"crmkpi:{{acme}}:{key}", "somebody else's")
    with pytest.raises(TenantRefused, match="WRONGTYPE"):
        await sink.publish(publication(7, document()))
    await sink.publish(publication(7, document(), tenant="other"))
    held = await sink.check(Note(0, 1, 7, 1, ()), ["acme", "other"])
    assert held.tenants["other"] is not None
    assert ("acme" in held.tenants) == (key != "meta")
    await client.delete(f"crmkpi:{{acme}}:{key}")
    assert await sink.publish(publication(7, document()))


async def test_the_owner_of_a_lane_says_where_it_answers_queries(server: Server, sink: RedisSink) -> None:
    """A new owner overwrites it, one without a query port too; an older owner's note changes nothing."""
    async with RedisReader(server.url) as reader:
        assert await reader.owner(3) is None
        assert await reader.query_port("acme") is None
        await sink.publish(publication(5, document(), lane=3))
        await sink.check(Note(3, 1, 5, 1, (), "http://127.0.0.1:1234", "secret"), [])
        assert await reader.query_port("acme") == QueryPort("http://127.0.0.1:1234", "secret")
        await sink.check(Note(3, 0, 9, 2, (), "http://127.0.0.1:9", "old"), [])
        assert await reader.owner(3) == QueryPort("http://127.0.0.1:1234", "secret")
        await sink.check(Note(3, 1, 5, 3), [])
        assert await reader.owner(3) is None
