"""The only file of the runtime that builds concrete things: options from settings, the engine, the sink, the clock."""

import asyncio

from aiokafka.errors import KafkaConnectionError

from kpis.engine import Engine
from models import topics
from models.settings import Settings
from ops.topics import TopicsWrong, admin, ensure, wanted_topics
from sinks.redis_sink import RedisSink
from streams import clock
from streams.app import create_app
from streams.configure import configured
from streams.engine_port import EngineFactory
from streams.logs import set_up_logs
from streams.options import WorkerOptions
from streams.run import run
from streams.stop import REFUSED, Refused, die
from streams.watched import Watched


def options_from(settings: Settings, as_of: int | None = None) -> WorkerOptions:
    """What the settings say to a worker."""
    return WorkerOptions(
        brokers=tuple(settings.kafka.bootstrap_servers.split(",")),
        inputs=topics.inputs(settings),
        app_id=settings.app_id,
        journal=topics.journal(settings),
        state=topics.state(settings),
        lanes=settings.journal_partitions,
        session_timeout=settings.session_timeout_s,
        heartbeat=min(WorkerOptions.heartbeat, settings.session_timeout_s / 4),
        publish_interval=settings.publish_interval_ms / 1000,
        as_of=as_of,
    )


def start(as_of: int | None = None) -> None:
    """Run one worker with the product's engine, as configured. Does not return: the process ends with the worker."""
    try:
        settings, book = configured()
    except Refused as exc:
        die("reading settings", exc)
    tenants = Watched(book)
    asyncio.run(
        work(settings, options_from(settings, as_of), lambda: Engine(tenants.book), settings.redis.url, tenants)
    )


async def work(
    settings: Settings, options: WorkerOptions, engine: EngineFactory, redis: str, tenants: Watched | None = None
) -> None:
    """Make the topics that are missing, check those that are there, and run one worker. Does not return."""
    set_up_logs()
    await _topics(settings, options)
    now = clock.wall if options.as_of is None else clock.frozen(options.as_of)
    sink = RedisSink(redis)
    app = create_app(options, engine, sink, now)
    if tenants is not None:
        app.acceptor.configure(tenants.book)
        tenants.watch(app.ownership.configure)
    await run(app, sink)


async def _topics(settings: Settings, options: WorkerOptions) -> None:
    try:
        async with admin(settings.kafka.bootstrap_servers, options.client) as link:
            await ensure(link, wanted_topics(settings))
    except KafkaConnectionError as exc:
        die(f"Kafka cannot be reached at {settings.kafka.bootstrap_servers}", exc)
    except TopicsWrong as exc:
        die("checking topics", Refused(" · ".join(str(exc).splitlines())), REFUSED)
