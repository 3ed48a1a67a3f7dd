"""The demo's producers: the simulator's records into Kafka, history as fast as it goes, then live."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from random import Random
from typing import Final

from aiokafka.structs import RecordMetadata
from rich.progress import Progress

from cli.feed import Feed, feed
from cli.latency import Latencies
from cli.term import bar, say
from models.attributes import DEFAULT_TENANT
from models.record import RawRecord
from models.settings import Settings
from models.validate import validate
from simulator import PROFILES, Profile, Sent, World

CHUNK: Final = 500
PULSE_S: Final = 0.02
DAILY: Final = 735  # records a day, about: for the progress bar only
Loaded = Callable[[int], None]
Room = Callable[[int], Awaitable[None]]


def _sized(profile: Profile, share: float, service: float) -> Profile:
    """The same company with a share of its traffic and customers, some of whom have a service contract."""
    visits, customers = round(profile.visits * share), round(profile.customers * share)
    return replace(profile, visits=visits, customers=customers, service=service)


# Small enough that 90 days load in half a minute, the one that sells to companies large enough that a month has more
# than 30 closed deals: fewer would show its win rate as unsure.
COMPANIES: Final = tuple(map(_sized, PROFILES, (0.24, 0.45, 0.24), (0.0, 0.35, 0.0)))
FIRST: Final = 1  # the one whose boards are opened first: it sells, supports and bills by the month

Companies = tuple[Profile, ...]


def companies(run: str = "") -> Companies:
    """Those of the demo; with ``run`` under names of their own, so that two demos on one Redis do not meet."""
    return tuple(replace(profile, tenant=f"{profile.tenant}-{run}") for profile in COMPANIES) if run else COMPANIES


def new_world(seed: int, days: int, who: Companies = COMPANIES) -> World:
    """The companies up to now."""
    return World(Random(seed), who, int(time.time() * 1000), days=days)


def days_bar(progress: Progress, days: int) -> Loaded:
    """A bar of the history; what it returns is told how many more records are loaded."""
    task = progress.add_task(f"loading {days} days", total=DAILY * days)
    return lambda records: progress.update(task, advance=records)


async def feed_only(place: Settings, seed: int, days: int, rate: float, seconds: float | None) -> None:
    """History and live into the settings' Kafka, for ``seconds`` (default: for ever)."""
    world = new_world(seed, days)
    async with feed(place.kafka) as kafka:
        with bar() as progress:
            await load_history(place, kafka, world, days_bar(progress, days))
        say(f"{world.counts.sent} records of history sent; continuing with {rate:g} per second")
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stream_live(place, kafka, world, rate, Latencies())
    say(f"{kafka.acknowledged} records sent and acknowledged")


def chunks(records: Iterable[Sent], size: int = CHUNK) -> Iterator[list[Sent]]:
    """The records in lists of ``size``."""
    source = iter(records)
    return iter(lambda: list(islice(source, size)), [])


def owned(records: list[Sent]) -> tuple[list[Sent], list[str]]:
    """The records, and whom each counts for, refused ones included, as a worker will decide it.

    A refused one that would count for nobody of ours says no more than the tenant of its key: it counts for that then.
    """
    owners = _owners(records)
    if DEFAULT_TENANT not in owners:
        return records, owners
    pairs = zip(records, owners, strict=True)
    records = [_bare(r) if owner == DEFAULT_TENANT else r for r, owner in pairs]
    return records, _owners(records)


def _bare(record: Sent) -> Sent:
    return record._replace(value=b'{"tenantid":"%b"}' % (record.key or b""), headers=[])


def _owners(records: list[Sent]) -> list[str]:
    raw = [RawRecord(r.topic, r.partition, n, r.time_ms, r.key, r.value, r.headers) for n, r in enumerate(records)]
    rows, rejections = validate(raw)
    owners = {row.offset: row.tenant for row in rows} | {r.record.offset: r.tenant for r in rejections}
    return [owners[number] for number in range(len(records))]


async def send_all(place: Settings, kafka: Feed, records: list[Sent]) -> list[asyncio.Future[RecordMetadata]]:
    """Queues records on their topics and partitions."""
    prefix = place.topic_prefix
    return [await kafka.send(prefix + r.topic, r.value, r.key, r.headers, r.partition) for r in records]


async def load_history(
    place: Settings, kafka: Feed, world: World, loaded: Loaded, room: Room | None = None
) -> Counter[str]:
    """Sends all of the past; how many records each tenant has. ``room`` waits until more may be sent."""
    counts: Counter[str] = Counter()
    for records in chunks(world.history()):
        records, owners = owned(records)
        counts.update(owners)
        await send_all(place, kafka, records)
        if room:
            await kafka.flush()
            await room(kafka.acknowledged)
        loaded(len(records))
        await asyncio.sleep(0)
    await kafka.flush()
    return counts


async def stream_live(place: Settings, kafka: Feed, world: World, rate: float, latencies: Latencies) -> None:
    """Goes on for ever at ``rate`` records a second; each acknowledgement is noted."""
    due: list[Sent] = []
    for record in world.live(rate, _clock()):
        if record.time_ms > _clock():
            await _send_due(place, kafka, due, latencies)
            due = []
            while (wait := record.time_ms - _clock()) > 0:
                await asyncio.sleep(max(wait / 1000, PULSE_S))
        due.append(record)


async def _send_due(place: Settings, kafka: Feed, due: list[Sent], latencies: Latencies) -> None:
    if not due:
        return
    due, owners = owned(due)
    for tenant, done in zip(owners, await send_all(place, kafka, due), strict=True):
        done.add_done_callback(partial(_acked, latencies, tenant))
    await kafka.flush()


def _acked(latencies: Latencies, tenant: str, done: asyncio.Future[RecordMetadata]) -> None:
    latencies.acked(tenant, time.monotonic())


def _clock() -> int:
    return int(time.time() * 1000)
