"""The Faust app: which services it uses and how they are wired."""

from typing import Any, cast

import faust
from faust.app.base import BootStrategy
from faust.tables.manager import TableManager
from faust.types import TP

from sinks.base import Sink
from streams import partitions
from streams.accept import Acceptor
from streams.clock import Clock
from streams.consumer import BatchConsumer, BatchTransport
from streams.engine.client import EngineProcess
from streams.monitor.metrics import stats
from streams.monitor.monitor import Monitor
from streams.options import WorkerOptions
from streams.ownership import Ownership
from streams.query import QueryServer
from streams.stop import die, spawn
from streams.table import StateTable
from streams.topic_ids import topic_ids
from streams.watchdog import Watchdog


class Boot(BootStrategy):
    """The Faust services in use: no web server, leader, reply consumer, sensors or separate producer."""

    enable_sensors = False
    enable_web = False
    enable_kafka_producer = False

    def kafka_consumer(self) -> Any:
        return [self.app.consumer]


class Tables(TableManager):
    """Faust's rebalance hooks without its Recovery service: `Ownership` drives each lane instead."""

    async def on_start(self) -> None:
        await cast(App, self.app).consumer_started()
        self._tables_registered.set()  # lets Faust subscribe

    async def on_stop(self) -> None:
        await cast(App, self.app)._fetcher.stop()

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing to do: `BatchConsumer.wait_empty` already did."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        app = cast(App, self.app)
        try:
            await app.ownership.assigned(assigned)
        except Exception as exc:  # noqa: BLE001
            die("taking partitions over", exc)
        app.flow_control.resume()
        app.consumer.resume_flow()
        await app._fetcher.maybe_start()
        app.on_rebalance_end()

    async def wait_until_recovery_completed(self) -> bool:
        return False


class App(faust.App):
    """A Faust app with lanes."""

    BootStrategy = Boot
    options: WorkerOptions
    ownership: Ownership
    acceptor: Acceptor
    monitoring: Monitor
    queries: QueryServer

    def _create_directories(self) -> None:
        """Nothing: Faust's folders are for on-disk tables; our state is in memory."""

    def on_rebalance_start(self) -> None:
        self.rebalancing = True
        self.rebalancing_count += 1
        stats.rebalances.inc()

    def on_rebalance_return(self) -> None:
        """Faust notifies its sensors here; ours are off."""

    def on_rebalance_end(self) -> None:
        self.rebalancing = False

    async def consumer_started(self) -> None:
        """The consumer is connected but not yet subscribed."""
        consumer = cast(BatchConsumer, self.consumer)
        self.ownership.consumer = consumer
        partitions.watch(self.options, consumer.kafka._client.cluster)
        names = [self.options.journal, *self.options.inputs]
        self.ownership.topic_ids = await topic_ids(consumer.kafka._client, names)
        await self.acceptor.start(consumer)
        self.trying = spawn(consumer.keep_trying(), lambda: "trying partitions that can't be read")
        self.looking = spawn(self.ownership.look_at_blocked(), lambda: "looking at blocked lanes")
        self.watchdog = Watchdog(self.options, self.ownership, consumer)
        self.watchdog.start()

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        # Faust would drop the batch, restart the agent and carry on.
        die(f"agent {agent.name}", exc)


def create_app(options: WorkerOptions, engines: EngineProcess, sink: Sink, clock: Clock) -> App:
    """Inputs -> accept -> journal -> count -> changelog and store. Starts nothing."""
    app = App(
        options.app_id,
        broker=[f"kafka://{address}" for address in options.brokers],
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=True,
        broker_session_timeout=options.session_timeout,
        broker_request_timeout=max(options.request_timeout, options.session_timeout),
        TableManager=Tables,
    )
    app.options = options
    app.transport = BatchTransport(app.conf.broker_consumer, app)
    app.acceptor = Acceptor(options)
    table = StateTable(app, engines=engines, name="state", changelog_topic=app.topic(options.state))
    app.tables.add(table)
    app.ownership = Ownership(options, engines, table, app.acceptor, sink, clock)
    app.monitoring = Monitor(app)
    app.queries = QueryServer(app.ownership, app.monitoring.report)

    raw: dict[str, Any] = {"key_serializer": "raw", "value_serializer": "raw", "value_type": bytes}

    @app.agent(app.topic(*options.inputs, **raw), name="accept")
    async def accept(batches: Any) -> None:
        async for fetched in batches:
            app.ownership.offer_input(fetched)

    @app.agent(app.topic(options.journal, **raw), name="count")
    async def count(batches: Any) -> None:
        async for fetched in batches:
            app.ownership.offer(fetched)

    return app
