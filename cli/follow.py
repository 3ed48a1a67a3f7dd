"""Keeps a board up to date from Redis."""

import asyncio
from contextlib import suppress
from typing import Final

from cli.board import Board
from cli.browse import Asked, Browser
from sinks.base import SinkUnavailable
from sinks.read import RedisReader

REPAINT_S: Final = 0.25  # at most four times a second
TURN_S: Final = 0.1  # until what a reader turned to is read
RETRY_S: Final = 1.0
AWAY: Final = "Redis is away"
LOOK_S: Final = 10.0  # maximum time between checks of how current a tenant's numbers are


async def follow(board: Board, reader: RedisReader, only: str | None = None) -> None:
    """Runs for ever: reads a tenant's snapshot whenever its updates stream announces a newer one.

    New tenants are discovered. While Redis is unavailable, the board says so and keeps its values.
    """
    async with asyncio.TaskGroup() as tasks:
        known: set[str] = set()
        while True:
            for tenant in await _tenants(board, reader, only):
                if tenant not in known:
                    known.add(tenant)
                    tasks.create_task(_follow_tenant(board, reader, tenant))
                    tasks.create_task(_look_again(board, reader, tenant))
            await asyncio.sleep(RETRY_S)


async def refresh(board: Board, reader: RedisReader, tenant: str) -> None:
    """Reads one tenant's snapshot of the board's window. Raises SinkUnavailable."""
    window = board.window
    documents = await reader.snapshot(tenant, window)
    await look(board, reader, tenant)
    if board.lag.startswith(AWAY):
        board.lag = ""
    if window == board.window:  # otherwise the user has switched windows meanwhile
        board.put(tenant, documents)


async def look(board: Board, reader: RedisReader, tenant: str) -> None:
    """Reads how current a tenant's numbers are. Raises SinkUnavailable."""
    if (status := await reader.status(tenant)) is not None:
        board.status[tenant] = status


async def attend(browser: Browser, reader: RedisReader) -> None:
    """For ever: reads at once what a reader has turned to, and what of it was published since."""
    read: tuple[Asked, object] | None = None
    while True:
        await asyncio.sleep(TURN_S)
        board, tenant, asked = browser.board, browser.tenant, browser.asked
        now = board.now.get(tenant)
        try:
            if now is None and tenant:
                await refresh(board, reader, tenant)
            elif asked is not None and (read is None or read[0] != asked or read[1] is not now):
                found = await reader.segments(*asked)
                browser.segments = {asked: [doc for doc in found if doc.get("segment")]}
                read = asked, now
        except SinkUnavailable as error:
            board.lag = f"{AWAY}: {error}"
            await asyncio.sleep(RETRY_S)


async def _tenants(board: Board, reader: RedisReader, only: str | None) -> list[str]:
    try:
        found = [only] if only else await reader.tenants()
    except SinkUnavailable as error:
        board.lag = f"{AWAY}: {error}"
        return []
    board.empty, board.tenants = not found, found
    return found


async def _follow_tenant(board: Board, reader: RedisReader, tenant: str) -> None:
    while True:
        try:
            await refresh(board, reader, tenant)
            async for _ in reader.updates(tenant):
                await refresh(board, reader, tenant)
                await asyncio.sleep(REPAINT_S)
        except SinkUnavailable as error:
            board.lag = f"{AWAY}: {error}"
            await asyncio.sleep(RETRY_S)


async def _look_again(board: Board, reader: RedisReader, tenant: str) -> None:
    """Unchanged numbers are not rewritten, but are current as long as their worker confirms them."""
    while True:
        await asyncio.sleep(LOOK_S)
        with suppress(SinkUnavailable):  # the tenant's other reader reports it
            await look(board, reader, tenant)
