"""What the resources of the API work with, made once a process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from dashboard.meters import Meters
from dashboard.ports import Boards, History, Journal, Lags, Letters, Numbers, Queries, Teller, Verifier, Workers
from dashboard.streams import Streams
from dashboard.tails import Tails
from dashboard.tokens import Tokens
from models.tenants import TenantBook


@dataclass
class Services:
    """Ports, and what is shared by requests. ``now``: ms UTC."""

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
    teller: Teller = field(kw_only=True)
    hosts: frozenset[str] = frozenset()  # names the server is reached by, beside those of this machine
    open: bool = False  # without tokens: not only this machine may ask
    first: str = ""  # the tenant that is listed first, and so opened when none is asked for
    collector: str = ""  # its address, as events are sent to it
    keyed: bool = False  # whether it takes events with a write key only
    book: TenantBook = field(default_factory=TenantBook)
    meters: Meters = field(default_factory=Meters)
    streams: Streams = field(init=False)
    tails: Tails = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.numbers, self.now, self.meters)
        self.tails = Tails(self.journal, self.book, self.meters)

    async def end_streams(self) -> None:
        """Ends everything that would never end by itself."""
        await self.streams.close()
        await self.tails.close()


async def services(request: Request) -> Services:
    """Those of the app a request came to."""
    found: Services = request.app.state.services
    return found


Parts = Annotated[Services, Depends(services)]
