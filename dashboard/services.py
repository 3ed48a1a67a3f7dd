"""Dependencies of the API's resources, built once per process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from dashboard.meters import Meters
from dashboard.ports import (
    Alerts,
    Boards,
    EventSender,
    History,
    Journal,
    Lags,
    Letters,
    Numbers,
    Queries,
    Unsubscribed,
    Verifier,
    Workers,
)
from dashboard.streams import Streams
from dashboard.tails import Tails
from dashboard.tokens import Tokens
from models.tenants import TenantBook


@dataclass
class Services:
    """Ports, and state shared by requests. ``now``: ms UTC."""

    numbers: Numbers
    history: History
    queries: Queries
    boards: Boards
    lags: Lags
    workers: Workers
    letters: Letters
    verifier: Verifier
    journal: Journal
    tokens: Tokens
    now: Callable[[], int]
    annotations: Boards = field(kw_only=True)
    event_sender: EventSender = field(kw_only=True)
    hosts: frozenset[str] = frozenset()  # further host names of the server
    open: bool = False  # without tokens, serve more than this machine
    first: str = ""  # the tenant listed first, which the page opens by default
    collector: str = ""  # the collector's address for senders
    keyed: bool = False  # whether it requires a write key
    book: TenantBook = field(default_factory=TenantBook)
    alerts: Alerts | None = None
    unsubscribed: Unsubscribed | None = None
    unsubscribe_secret: bytes = b""  # for the links in mails; empty: there are none
    meters: Meters = field(default_factory=Meters)
    streams: Streams = field(init=False)
    tails: Tails = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.numbers, self.now, self.meters)
        self.tails = Tails(self.journal, self.book, self.meters)

    async def end_streams(self) -> None:
        """Ends streams and other endless tasks."""
        await self.streams.close()
        await self.tails.close()


async def services(request: Request) -> Services:
    """The services of the request's app."""
    found: Services = request.app.state.services
    return found


Parts = Annotated[Services, Depends(services)]
