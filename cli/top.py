"""`crmkpi top`: the live board in the terminal."""

import asyncio
import time
from contextlib import suppress
from typing import Annotated, Final

import typer
from rich.live import Live

from cli.beside import beside
from cli.board import Board, render, short_line
from cli.browse import Browser
from cli.exits import DIFFERENT, EPILOG, CliError
from cli.flags import JsonFlag, RedisFlag, WindowFlag, check_window, settings
from cli.follow import REPAINT_S, attend, follow, refresh
from cli.keyboard import keys
from cli.kpis import absent
from cli.root import app
from cli.term import out, show_json
from models.connections import RedisSettings
from sinks.read import RedisReader

LINE_S: Final = 2.0  # between two lines when stdout is no terminal


@app.command(epilog=EPILOG)
def top(
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    window: WindowFlag = "30d",
    once: Annotated[bool, typer.Option("--once", help="Show the board once and exit.")] = False,
    redis: RedisFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Watch KPIs live: scroll, filter, and open a number for what it is made of.

    Arrows move and switch tenants, Enter opens a KPI for its segments and a segment for its parts, Esc goes back,
    / filters by what you type, [ and ] switch windows, q quits.
    If a worker has been silent for 90 s, its values stay on screen, dimmed and marked stale.

    Example: crmkpi top --tenant acme --window 7d
    """
    board = Board(check_window(window))
    show = _once if once else _watch
    asyncio.run(show(board, settings(redis=redis).redis, tenant, as_json))


async def _once(board: Board, redis: RedisSettings, only: str | None, as_json: bool) -> None:
    async with RedisReader(redis) as reader:
        there = await reader.tenants()
        if only and only not in there:
            raise CliError(absent(only, only, there), DIFFERENT)
        for tenant in [only] if only else there:
            await refresh(board, reader, tenant)
    board.empty = not board.now
    if as_json:
        show_json({tenant: board.headlines(tenant) for tenant in board.now})
    else:
        out().print(render(board, sorted(board.now), _clock(), out().width))


async def _watch(board: Board, redis: RedisSettings, only: str | None, as_json: bool) -> None:
    async with RedisReader(redis) as reader:
        await reader.tenants()  # says at once when Redis is away
        if not out().is_terminal or as_json:
            await beside(_lines(board, as_json), follow(board, reader, only))
            return
        browser = Browser(board, only or "")
        await beside(_paint(browser), follow(board, reader, only), attend(browser, reader))


async def _paint(browser: Browser) -> None:
    pressed = asyncio.Event()

    def press(key: str) -> None:
        browser.press(key)
        pressed.set()

    with keys(press), Live(console=out(), auto_refresh=False, screen=True) as live:
        while not browser.done:
            pressed.clear()
            width, height = live.console.size
            live.update(browser.render(_clock(), width, height), refresh=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(pressed.wait(), REPAINT_S)


async def _lines(board: Board, as_json: bool) -> None:
    while True:
        await asyncio.sleep(LINE_S)
        for tenant in sorted(board.now):
            if as_json:
                show_json({"tenant": tenant, "documents": board.headlines(tenant)})
            else:
                typer.echo(short_line(board, tenant))


def _clock() -> int:
    return int(time.time() * 1000)
