"""The worker's composition root: builds options, engine, sink and clock from the settings."""

import asyncio

from aiokafka.errors import KafkaConnectionError, KafkaError

from access.kafka import security
from models import topics
from models.settings import RedisSettings, Settings, SettingsError
from ops.kafka_reach import reachable
from ops.lag import LagReader
from ops.logs import set_up_logs
from ops.topics import TopicsWrong, admin, ensure, wanted_topics
from sinks.redis_sink import RedisSink
from streams import clock
from streams.app import create_app
from streams.catching_up import CatchUp
from streams.configure import configured
from streams.engine.client import EngineProcess
from streams.engine_port import EngineFactory
from streams.options import WorkerOptions
from streams.poison import new_engine
from streams.run import run
from streams.stop import REFUSED, Refused, die, spawn
from streams.watched import Watched


def options_from(settings: Settings, as_of: int | None = None) -> WorkerOptions:
    """A worker's options from the settings."""
    return WorkerOptions(
        brokers=tuple(settings.kafka.bootstrap_servers.split(",")),
        client=security(settings.kafka),
        inputs=topics.inputs(settings),
        app_id=settings.app_id,
        journal=topics.journal(settings),
        state=topics.state(settings),
        control=topics.control(settings),
        marks=topics.marks(settings),
        lanes=settings.journal_partitions,
        group_instance_id=settings.worker_id or None,
        session_timeout=settings.session_timeout_s,
        heartbeat=min(WorkerOptions.heartbeat, settings.session_timeout_s / 4),
        http_host=settings.http.host,
        http_port=settings.http.port,
        query_host=settings.query.host if settings.query.on else "",
        query_port=settings.query.port,
        query_advertise=settings.query.advertise,
        publish_interval=settings.publish_interval_ms / 1000,
        as_of=as_of,
    )


def start(as_of: int | None = None) -> None:
    """Run one worker with the real engine, as configured. Does not return: the process ends with the worker."""
    try:
        settings, book = configured()
        options = options_from(settings, as_of)
    except Refused as exc:
        die("reading settings", exc)
    except SettingsError as exc:
        die("reading settings", Refused(str(exc)))
    tenants = Watched(book)
    asyncio.run(work(settings, options, lambda: new_engine(tenants.book), settings.redis, tenants))


async def work(
    settings: Settings,
    options: WorkerOptions,
    engine: EngineFactory,
    redis: RedisSettings | str,
    tenants: Watched | None = None,
) -> None:
    """Create missing topics, check existing ones and run one worker. Does not return."""
    try:
        set_up_logs()
    except SettingsError as exc:
        die("reading settings", Refused(str(exc)))
    engines = EngineProcess(engine)  # forked before anything connects
    await engines.connect()
    await _topics(settings)
    now = clock.wall if options.as_of is None else clock.frozen(options.as_of)
    sink = _sink(redis)
    app = create_app(options, engines, sink, now)
    if not options.frozen:
        lag = LagReader(settings.kafka, options.app_id, [options.journal, *options.inputs])
        app.ownership.catch_up = CatchUp(lag)
        looking = spawn(app.ownership.catch_up.run(), lambda: "reading the lag")  # noqa: F841 - keeps it alive
    if tenants is not None:
        app.acceptor.configure(tenants.book)
        tenants.watch(app.ownership.configure)
    await run(app, sink)


def _sink(redis: RedisSettings | str) -> RedisSink:
    try:
        return RedisSink(redis)
    except SettingsError as exc:
        die("reading settings", Refused(str(exc)))


async def _topics(settings: Settings) -> None:
    try:
        async with admin(settings.kafka) as link:
            await ensure(link, wanted_topics(settings))
    except KafkaConnectionError as exc:
        check = await reachable(settings.kafka)
        if check.ok:
            die(f"cannot reach Kafka at {settings.kafka.bootstrap_servers}", exc)
        die(f"{check.name}: {check.found}; {check.fix}")
    except KafkaError as exc:
        die("checking topics; `crmkpi doctor` lists missing rights", exc)
    except TopicsWrong as exc:
        die("checking topics", Refused(" · ".join(str(exc).splitlines())), REFUSED)
