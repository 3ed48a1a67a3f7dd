"""The demo's producers: send the simulator's records to Kafka, history at full speed, then live."""

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
DAILY: Final = 735  # approximate records per day, for the progress bar only
Loaded = Callable[[int], None]
Room = Callable[[int], Awaitable[None]]


def _sized(profile: Profile, share: float, service: float) -> Profile:
    """A scaled-down company: a share of the traffic and customers, some with a service contract."""
    visits, customers = round(profile.visits * share), round(profile.customers * share)
    return replace(profile, visits=visits, customers=customers, service=service)


# Small enough to load 90 days in half a minute, but with more than 30 closed deals a month for the B2B company: with
# fewer, its win rate would be marked as low n.
COMPANIES: Final = tuple(map(_sized, PROFILES, (0.24, 0.45, 0.24), (0.0, 0.35, 0.0)))
FIRST: Final = 1  # its boards are opened first: it has sales, support and subscriptions

Companies = tuple[Profile, ...]


def companies(run: str = "") -> Companies:
    """The demo's companies; ``run`` is added to their names, so that two demos can share a Redis."""
    return tuple(replace(profile, tenant=f"{profile.tenant}-{run}") for profile in COMPANIES) if run else COMPANIES


def new_world(seed: int, days: int, who: Companies = COMPANIES) -> World:
    """The companies' history up to now."""
    return World(Random(seed), who, int(time.time() * 1000), days=days)


def days_bar(progress: Progress, days: int) -> Loaded:
    """A progress bar for the history. Returns a callback that takes the number of further records loaded."""
    task = progress.add_task(f"loading {days} days", total=DAILY * days)
    return lambda records: progress.update(task, advance=records)


async def feed_only(place: Settings, seed: int, days: int, rate: float, seconds: float | None) -> None:
    """Send history, then live events to the configured Kafka, for ``seconds`` (default: for ever)."""
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
    """The records, and the tenant each counts for, as a worker will decide it, including refused ones.

    A refused record that would count for none of our tenants is reduced to its key's tenant, and counts for that.
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
    """Send records to their topics and partitions."""
    prefix = place.topic_prefix
    return [await kafka.send(prefix + r.topic, r.value, r.key, r.headers, r.partition) for r in records]


async def load_history(
    place: Settings, kafka: Feed, world: World, loaded: Loaded, room: Room | None = None
) -> Counter[str]:
    """Sends the whole history. Returns records per tenant. ``room`` waits until more may be sent."""
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
    """Sends live events for ever, at ``rate`` records a second, and notes each acknowledgement."""
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
