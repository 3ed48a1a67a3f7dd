"""The server process: wires everything up from the settings."""

import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import uvicorn

from alerts.desk import Desk
from dashboard.app import create_app
from dashboard.guard import names
from dashboard.journal import KafkaJournal
from dashboard.kept import MOST_NOTES, RedisBoards
from dashboard.lags import LagWatch
from dashboard.ports import Letters, Verifier
from dashboard.sending import KafkaEventSender
from dashboard.services import Services
from dashboard.tokens import Tokens
from dashboard.workers import WorkerWatch
from models.settings import Settings
from models.tenants import TenantBook
from ops.serving import Server, config
from reports.deliver import link_secret
from reports.unsubscribed import RedisUnsubscribed
from sinks.query import QueryClient
from sinks.read import RedisReader

log = logging.getLogger(__name__)
GRACE_S: Final = 3  # for requests in progress at shutdown
KEEP_ALIVE_S: Final = 65
COLLECTOR: Final = "http://127.0.0.1:8081/"  # its default address, on this machine


class Tools(NamedTuple):
    """Parts that need the workers' code. The caller creates them; the server closes them."""

    letters: Letters
    verifier: Verifier
    book: TenantBook = TenantBook()


@asynccontextmanager
async def opened(place: Settings, now: Callable[[], int], tools: Tools) -> AsyncIterator[Services]:
    """Services on the real stores, closed at exit. ``now``: ms UTC. Raises SettingsError."""
    tokens = Tokens(place.serve_tokens, now)
    reader = RedisReader(place.redis)
    boards, lags, asked = RedisBoards(place.redis), LagWatch(place, now), QueryClient(reader)
    desk = Desk(place)
    unsubscribed, secret = RedisUnsubscribed(place.redis), link_secret(place.mail)
    notes = RedisBoards(place.redis, what="annotations", most=MOST_NOTES)
    workers = WorkerWatch(reader, asked, place.journal_partitions)
    try:
        yield Services(
            numbers=reader,
            history=reader,
            queries=asked,
            boards=boards,
            annotations=notes,
            event_sender=KafkaEventSender(place),
            lags=lags,
            workers=workers,
            letters=tools.letters,
            verifier=tools.verifier,
            journal=KafkaJournal(place),
            tokens=tokens,
            now=now,
            hosts=names(place.serve_hosts),
            open=place.serve_open,
            first=place.serve_first,
            collector=place.serve_collector or COLLECTOR,
            keyed=bool(place.collect.keys),
            book=tools.book,
            alerts=desk,
            unsubscribed=unsubscribed,
            unsubscribe_secret=secret,
        )
    finally:
        await workers.close()
        await asked.close()
        await lags.close()
        await notes.close()
        await boards.close()
        await desk.close()
        await unsubscribed.close()
        await reader.close()


async def serve(place: Settings, listener: socket.socket, now: Callable[[], int], tools: Tools) -> None:
    """Serves a bound socket until SIGINT or SIGTERM. ``now``: ms UTC. Raises SettingsError."""
    async with opened(place, now, tools) as parts:
        settings = config(
            create_app(parts), grace_s=GRACE_S, timeout_keep_alive=KEEP_ALIVE_S, http="h11", loop="asyncio"
        )
        await _Server(settings, parts).serve([listener])


class _Server(Server):
    """Ends streams before waiting for connections: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, parts: Services) -> None:
        super().__init__(config)
        self._parts = parts

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's."""
        await self._parts.end_streams()
        await super().shutdown(sockets)
