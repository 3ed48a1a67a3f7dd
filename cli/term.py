"""Terminal output: escaped text, consoles that respect NO_COLOR, progress on stderr."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ops.logs import as_json, json_log_line

WIDE: Final = 240
T = TypeVar("T")
_HOSTILE = re.compile("[\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]")


def plain(text: object) -> str:
    """Untrusted text with control and direction characters made visible, so that it cannot move the cursor."""
    if (text := str(text)).isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def cell(value: object, style: str = "") -> Text:
    """One table cell: escaped, and never read as rich markup."""
    return Text(plain(value), style=style)


def out() -> Console:
    """The console for results. Rich itself turns colours off for NO_COLOR and for pipes, which are not narrow."""
    return Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else WIDE)


def err() -> Console:
    """The console for progress, warnings and errors; results never go here."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def line(*lines: object) -> None:
    """Lines of a result on stdout, escaped and never broken."""
    for text in lines:
        out().print(text if isinstance(text, Text) else cell(text), soft_wrap=True)


def say(*lines: object) -> None:
    """Plain lines on stderr: what the command is doing. With CRMKPI_LOG_FORMAT=json each is a JSON object."""
    if as_json():
        for text in lines:
            typer.echo(json_log_line(plain(text), logger="cli"), err=True)
        return
    for text in lines:
        err().print(cell(text))


def show_json(value: Any) -> None:
    """One JSON document on stdout, keys in the given order, without terminal control characters."""
    sys.stdout.write(json_line(value) + "\n")
    sys.stdout.flush()


def json_line(value: Any) -> str:
    """One line of JSON; C1 controls and direction marks, which JSON allows, are escaped."""
    return harmless(orjson.dumps(value, default=str).decode())


def harmless(text: str) -> str:
    """JSON text with terminal control characters escaped."""
    return text if text.isascii() and "\x7f" not in text else _HOSTILE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def track(items: Iterable[T], total: int | None, what: str, note: Callable[[], str] | None = None) -> Iterator[T]:
    """The items, with a progress bar if stderr is a terminal. ``note``: the current text next to it."""
    with bar() as progress:
        task = progress.add_task(what, total=total)
        for item in items:
            yield item
            progress.update(task, advance=1, description=f"{what}, {note()}" if note else what)


def bar() -> Progress:
    """A progress bar on stderr; silent if stderr is not a terminal."""
    console = err()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal or as_json(),
        transient=True,
    )
