"""The demo's output: a live board in a terminal, short plain lines elsewhere."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from rich.live import Live

from cli.board import Board, render, short_line
from cli.follow import REPAINT_S
from cli.term import line, out

PAGE_S: Final = 6  # how long each group of tenants is shown
LINE_S: Final = 10.0


async def show(board: Board, tenants: Sequence[str], quiet: bool) -> None:
    """Redraws the board for ever, or with ``quiet`` (or no terminal) prints a line per tenant now and then."""
    if quiet:
        await asyncio.Event().wait()
    elif out().is_terminal:
        await _paint(board, tenants)
    else:
        await _lines(board, tenants)


async def _paint(board: Board, tenants: Sequence[str]) -> None:
    with Live(console=out(), auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            page = int(time.monotonic() / PAGE_S)
            picture = render(board, tenants, int(time.time() * 1000), live.console.width, page)
            live.update(picture, refresh=True)
            await asyncio.sleep(REPAINT_S)


async def _lines(board: Board, tenants: Sequence[str]) -> None:
    while True:
        while not board.now.keys() & set(tenants):
            await asyncio.sleep(REPAINT_S)
        line(*(short_line(board, tenant) for tenant in tenants))
        line(*filter(None, [board.lag]))
        await asyncio.sleep(LINE_S)
