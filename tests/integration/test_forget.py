"""What is left of somebody after an erasure, wherever this software writes: the state, Redis, logs, metrics, topics."""

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from redis.asyncio import Redis
from xxhash import xxh3_64, xxh64

from bench.worker import Worker
from models import topics
from ops.local.net import free_port
from ops.topics import STATE, admin, plan, wanted_topics
from sinks.read import RedisReader
from streams.poison import POISON
from streams.read import read_state
from tests.integration.streams_rig import INPUTS, LANES, PATIENCE, Rig
from tests.integration.test_lost import crmkpi, trim
from tests.planted import FREE, IDS, MAIL, PLANTED, REQUEST, ways
from tests.unit.models.examples import BY_RULE, EXAMPLES

pytestmark = pytest.mark.servers
POISONED: Final = "crm.poison.sent"
# A producer's own hashes are personal, too: whoever knows the address knows them.
HASHED: Final = dict.fromkeys(("email_hash", "recipient_hash"), hashlib.sha256(MAIL.encode()).hexdigest())
COMPACT: Final = {"segment.ms": "200", "max.compaction.lag.ms": "1", "delete.retention.ms": "0"}
DOCS: Final = Path(__file__).parents[2] / "docs" / "operations.md"
DAY_MS: Final = 86_400_000
TYPES: Final = [one for one in (EXAMPLES | BY_RULE) if one not in (REQUEST, "crm.identity.unmerged")]


class Sent(NamedTuple):
    """A record, and the tenant it counts for; None: nobody can read whose it is."""

    tenant: str | None
    value: bytes
    topic: str = ""


class Person:
    """Somebody of one tenant of whom every type of event is sent; ``mode``: how they are to be erased."""

    def __init__(self, rig: Rig, mode: str) -> None:
        self.rig, self.mode = rig, mode
        self.tenant = f"{mode}-{rig.settings.app_id[-8:]}"
        self.number = 0
        self.now = time.time()
        self.received = 0

    def event(self, type_: str, data: Any, *, minutes: float = 30, **more: Any) -> Sent:
        """An event of so many minutes ago."""
        self.number += 1
        at = datetime.fromtimestamp(self.now - minutes * 60, UTC).isoformat()
        body = {"specversion": "1.0", "id": f"e{self.number}", "source": "/crm", "type": type_, "time": at}
        body |= {"tenantid": self.tenant, "subject": MAIL, "data": data, **more}
        return Sent(self.tenant, orjson.dumps(body), topics.topic_of(self.rig.settings, type_) or "")

    def history(self) -> Iterator[Sent]:
        """Events of every type with all ids, late, and with one alone, on time."""
        for number, type_ in enumerate([*TYPES, "crm.novel.happened"]):
            every, *alone = ways(type_)
            yield self.event(type_, every | HASHED, minutes=300 + number)
            yield self.event(type_, alone[number % len(alone)] | HASHED, minutes=3)

    def refused(self) -> Iterator[Sent]:
        """Records of theirs that become dead letters."""
        personal = {**FREE, **IDS, **HASHED}
        view, paid = {**personal, "url": "/"}, {**personal, "order_id": "o", "currency": "EUR"}
        yield self.event("crm.page.viewed", {k: v for k, v in personal.items() if k != "url"})
        yield self.event("crm.page.viewed", view, time=f"{PLANTED} o'clock")
        yield self.event("crm.page.viewed", [MAIL, PLANTED])
        yield self.event("crm.page.viewed", view | {"customer_id": f"{PLANTED}\t1"})
        yield self.event("crm.page.viewed", view | {"traits": {MAIL: PLANTED * 60}})
        yield self.event("crm.page.viewed", view | {"traits": [MAIL]})
        yield self.event("crm.page.viewed", view | {"campaign": {MAIL: [MAIL], "name": {MAIL: MAIL}}})
        yield self.event("crm.order.completed", paid | {"amount": PLANTED})
        yield self.event("crm.order.completed", paid | {"amount": "1.00", "currency": PLANTED})
        yield self.event("crm.survey.answered", {**personal, "survey_id": "s", "survey_type": MAIL, "score": 1})
        yield self.event("crm.page.viewed", view, id="e1")  # a conflict
        yield self.event("crm.page.viewed", view, tenantid=MAIL)._replace(tenant=None)
        yield Sent(None, f'{{"tenantid": "{self.tenant}", "email": "{MAIL}", '.encode())

    def poison(self) -> Sent:
        """An event that the engine fails at."""
        return self.event(POISONED, {**FREE, **IDS, **HASHED})

    def others(self) -> Sent:
        """What somebody else does now."""
        return self.event("crm.page.viewed", {"anonymous_id": f"v{self.number}", "url": "/"}, minutes=0, subject="")

    def request(self) -> Sent:
        """Their erasure."""
        return self.event(REQUEST, {"customer_id": IDS["customer_id"], "mode": self.mode}, minutes=0)


async def send(rig: Rig, people: Iterable[Person], records: Iterable[Sent], *, personal: bool = True) -> None:
    """Send records, the person's id in the key and a header as some producers do; wait until all are counted."""
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, linger_ms=20)
    await producer.start()
    key, headers = (MAIL.encode(), [("user", MAIL.encode())]) if personal else (None, [])
    of = {person.tenant: person for person in people}
    sent = []
    for number, one in enumerate(records):
        topic = one.topic or rig.input
        sent.append(await producer.send(topic, one.value, key, partition=number % INPUTS, headers=headers))
        if one.tenant is not None:
            of[one.tenant].received += 1
    await asyncio.gather(*sent)
    await producer.stop()

    async def received() -> dict[str, int]:
        async with RedisReader(rig.settings.redis.url) as board:
            found = {tenant: await board.document(tenant, "duplicate_rate", "all") for tenant in of}
        return {tenant: int(doc["denominator"] or 0) if doc else 0 for tenant, doc in found.items()}

    await rig.until(received, {tenant: person.received for tenant, person in of.items()})


# --- looking for it


def texts(value: Any) -> Iterator[str]:
    """Every planted text in some data, and as ids are spelled within the state."""
    if isinstance(value, dict):
        for pair in value.items():
            yield from (found for part in pair for found in texts(part))
    elif isinstance(value, list):
        yield from (found for part in value for found in texts(part))
    elif isinstance(value, str) and (PLANTED in value or value in HASHED.values()):
        yield value
        yield from (f"{space}:{value}" for space in ("customer", "lead", "user", "anonymous", "contact", "message"))


def digests(planted: Iterable[str]) -> frozenset[bytes]:
    """How digests of these begin that anybody can make: hexadecimal, base64, decimal."""
    kinds = (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.sha512, hashlib.sha3_256, hashlib.blake2s)
    found = set[bytes]()
    for text in planted:
        made = [kind(text.encode()).digest() for kind in (*kinds, xxh3_64, xxh64)]
        made += [hashlib.blake2b(text.encode(), digest_size=size).digest() for size in (8, 9, 12, 16, 20, 32, 64)]
        for one in made:
            found |= {one.hex()[:16].encode(), base64.b64encode(one)[:11], base64.urlsafe_b64encode(one)[:11]}
        found |= {b"%d" % int.from_bytes(one) for one in made if len(one) == 8}
    return frozenset(found)


TOKENS: Final = ((re.compile(rb"[0-9a-fA-F]{16,}"), 16), (re.compile(rb"[A-Za-z0-9+/_=-]{11,}"), 11))
NUMBER: Final = re.compile(rb"[0-9]{15,20}")


class Traces:
    """Finds what was planted in bytes, as it is or as a digest."""

    def __init__(self, planted: Iterable[str]) -> None:
        self.digests = digests(planted)
        self.hashes = [value.encode() for value in HASHED.values()]

    def of(self, found: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        """Where and what."""
        return [(where, text[:300]) for where, text in found if self._in(text)]

    def _in(self, text: bytes) -> bool:
        lower = text.lower()
        if PLANTED.encode() in lower or any(one in lower for one in self.hashes):
            return True
        tokens = {token[:size] for pattern, size in TOKENS for token in pattern.findall(text)}
        return not self.digests.isdisjoint(tokens | set(NUMBER.findall(text)))


async def state(rig: Rig) -> list[tuple[str, bytes]]:
    """What the changelog says of every key last."""
    lanes = [(await read_state(rig.options, lane))[0] for lane in range(LANES)]
    return [("state", part) for entries in lanes for entry in entries.items() for part in entry]


async def raw(rig: Rig, *names: str) -> list[tuple[str, bytes]]:
    """All that is to be read in topics: keys, values and headers, also of what was never committed."""
    reader = AIOKafkaConsumer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, enable_auto_commit=False)
    await reader.start()
    found: list[tuple[str, bytes]] = []
    try:
        counts = {one.name: one.partitions for one in wanted_topics(rig.settings)}
        places = [TopicPartition(name, number) for name in names for number in range(counts[name])]
        reader.assign(places)
        await reader.seek_to_beginning(*places)
        ends = await reader.end_offsets(places)
        while [place for place in places if await reader.position(place) < ends[place]]:
            for records in (await reader.getmany(timeout_ms=200)).values():
                for one in records:
                    headers = [part for name, value in one.headers for part in (name.encode(), value)]
                    parts = [part for part in (one.key, one.value, *headers) if part]
                    found += [(f"{one.topic}/{one.partition}/{one.offset}", part) for part in parts]
        return found
    finally:
        await reader.stop()


READ: Final[dict[bytes, tuple[str | int, ...]]] = {
    b"hash": ("HGETALL",), b"string": ("GET",), b"set": ("SMEMBERS",), b"stream": ("XRANGE", "-", "+"),
    b"zset": ("ZRANGE", 0, -1), b"list": ("LRANGE", 0, -1),
}  # fmt: skip


async def redis(rig: Rig) -> list[tuple[str, bytes]]:
    """Every key of Redis and what it holds."""
    async with Redis.from_url(rig.settings.redis.url) as store:
        keys = [key async for key in store.scan_iter(count=1000)]
        async with store.pipeline(transaction=False) as asking:
            for key in keys:
                asking.type(key)
            kinds = dict(zip(keys, await asking.execute(), strict=True))
            there = [key for key in keys if kinds[key] != b"none"]  # one may be gone by now
            for key in there:
                command, *rest = READ[kinds[key]]
                asking.execute_command(command, key, *rest)
            held = await asking.execute()
    return [(f"redis {key!r}", key + b" " + repr(value).encode()) for key, value in zip(there, held, strict=True)]


def written(folder: Path) -> list[tuple[str, bytes]]:
    """Every line of every file that processes wrote."""
    files = [path for path in folder.rglob("*") if path.is_file() and "compiled" not in path.parts]
    return [(path.name, line) for path in files for line in path.read_bytes().splitlines()]


async def answered(port: int) -> list[tuple[str, bytes]]:
    """What the worker answers."""
    found = []
    async with aiohttp.ClientSession() as http:
        for path in ("/metrics", "/healthz", "/readyz"):
            async with http.get(f"http://127.0.0.1:{port}{path}") as answer:
                found.append((path, await answer.read()))
    return found


# --- what the docs promise


def promised(beginning: str) -> int:
    """How many days the page says that something is kept."""
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| {beginning}")]
    row = next(line for line in rows if re.search(r"\| \d+ days \|$", line))
    return int(row.rsplit("|", 2)[1].split()[0])


def kept_days(rig: Rig, topic: str) -> int:
    """How many days a topic's records are kept."""
    return next(int(one.configs["retention.ms"]) // DAY_MS for one in wanted_topics(rig.settings) if one.name == topic)


async def compact_soon(rig: Rig) -> None:
    """As operations.md says for those who want it sooner; and the cleaner looks four times a second."""
    async with admin(rig.settings.kafka.bootstrap_servers) as link:
        brokers = [str(broker.nodeId) for broker in link._client.cluster.brokers()]
        often = [ConfigResource(ConfigResourceType.BROKER, one, {"log.cleaner.backoff.ms": "250"}) for one in brokers]
        state = ConfigResource(ConfigResourceType.TOPIC, rig.options.state, STATE | COMPACT)
        for answer in await link.alter_configs([state, *often]):
            assert not [code for code, *_ in answer.resources if code], answer
        assert await plan(link, wanted_topics(rig.settings)) == []


async def test_nothing_is_left_of_who_was_erased(rig: Rig, tmp_path: Path) -> None:
    """Of everything that was ever told of somebody, in accepted events, dead letters and quarantine: the state, Redis,
    logs and metrics hold nothing; journal, inputs and dead letters do, as long as the docs say, and then not either.
    """
    folder, port = tmp_path / "processes", free_port()
    folder.mkdir()
    config = tmp_path / "crmkpi.toml"
    config.write_text('[tenant]\ndimensions = ["tier"]\nmatch_on = ["email_hash", "phone_hash"]\n')
    rig.env |= {"CRMKPI_CONFIG": str(config), "CRMKPI_LOG_LEVEL": "debug", "CRMKPI_HTTP__PORT": str(port)}
    rig.env[POISON] = POISONED
    rig.log = folder / "worker.log"
    await compact_soon(rig)
    people = [Person(rig, mode) for mode in ("forget", "unpick")]
    history = [one for person in people for one in person.history()]
    refused = [one for person in people for one in person.refused()]
    poison = [person.poison() for person in people]
    planted = Traces({text for one in history for text in texts(orjson.loads(one.value))})
    worker = Worker(rig.env, rig.log)
    try:
        await send(rig, people, history)
        await send(rig, people, [*refused, *poison])
        before = planted.of(await state(rig))
        assert len(before) > 100, "nothing was planted"
        assert planted.of([*await redis(rig), *written(folder), *await answered(port)]) == []

        await send(rig, people, [person.request() for person in people])
        # Told again after the request: the same events under other ids.
        again = [one._replace(value=one.value.replace(b'"id":"e', b'"id":"again')) for one in history[::3]]
        await send(rig, people, [*again, *(person.poison() for person in people)])
        assert planted.of([*await state(rig), *await redis(rig), *written(folder), *await answered(port)]) == []

        discard = ("dlq", "discard", "--reason", "bad_time")
        commands = [crmkpi(rig, "verify"), crmkpi(rig, *discard)]
        assert [done.returncode for done in commands] == [0, 0], commands
        assert planted.of(("command", f"{done.stdout} {done.stderr}".encode()) for done in commands) == []
        letters = {letter["crmkpi.reason"] for letter in await rig.dead_letters()}
        assert letters >= {"engine_error", "id_conflict", "bad_time", "not_json", "missing_field"}

        end = time.monotonic() + PATIENCE
        while planted.of(left := await raw(rig, rig.options.state)):
            assert time.monotonic() < end, planted.of(left)[:5]
            await send(rig, people, [person.others() for person in people], personal=False)
        assert await raw(rig, rig.options.state)
    finally:
        code = worker.stop()
    assert code == 0
    assert planted.of(written(folder)) == []

    given = topics.inputs(rig.settings)
    kept = {"input topics": given, "dead letters": tuple(map(topics.dead_letters, given))}
    kept["`kpi.accepted"] = (rig.options.journal,)
    for row, names in kept.items():
        assert {kept_days(rig, name) for name in names} == {promised(row)}
        assert planted.of(await raw(rig, *names)), row
        for name in names:
            await trim(rig, name, dict.fromkeys(range(LANES if name == rig.options.journal else INPUTS), -1))
    assert planted.of(await raw(rig, *topics.every(rig.settings))) == []
