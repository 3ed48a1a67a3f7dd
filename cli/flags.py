"""Flags shared by several commands, and the settings they result in."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.exits import CliError
from kpis.calendar.window_names import WINDOWS

if TYPE_CHECKING:
    from models.settings import Settings

KafkaFlag = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Kafka servers; default: KAFKA_BOOTSTRAP_SERVERS.")
]
RedisFlag = Annotated[str | None, typer.Option("--redis", metavar="URL", help="Redis server; default: REDIS_URL.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON on stdout instead of text.")]
WindowFlag = Annotated[str, typer.Option("--window", help=f"One of {' '.join(WINDOWS)}.")]
TenantFlag = Annotated[str, typer.Option("--tenant", help="The tenant.")]
SHOWN: Final = 20  # names listed in an error
CONFIG: Final = "CRMKPI_CONFIG"  # path of the settings file, if it is not crmkpi.toml in the current directory


def settings_file() -> Path | None:
    """The settings file in use, or None."""
    given, here = os.environ.get(CONFIG), Path("crmkpi.toml")
    return Path(given) if given else here if here.is_file() else None


def settings(kafka: str | None = None, redis: str | None = None) -> "Settings":
    """Settings: flags, environment, `.env`, crmkpi.toml, defaults, in this order. Raises CliError with the setting."""
    from cli.book import read_toml  # settings are slow to import, and every command's --help loads the flags
    from models.settings import SettingsError, load_settings

    given: dict[str, Any] = {}
    if kafka:
        given["kafka"] = {"bootstrap_servers": kafka}
    if redis:
        given["redis"] = {"url": redis}
    file = settings_file()
    try:
        return load_settings(given, read_toml(file) if file else {})
    except SettingsError as error:
        raise CliError(f"settings: {error}") from error


def check_window(window: str) -> str:
    """The window, if it exists. Raises CliError with the nearest names."""
    return one_of(window, WINDOWS, "window")


def one_of(name: str, known: Iterable[str], what: str, where: str = "`crmkpi kpis list` shows them all") -> str:
    """The name, if it is known. Raises CliError with the nearest names, or with ``where`` they are listed."""
    known = list(known)
    if name in known:
        return name
    near = get_close_matches(name, known, n=3)
    several = f"one of {', '.join(known)}" if len(known) <= SHOWN else where
    hint = f"did you mean {', '.join(near)}?" if near else several
    raise CliError(f"no such {what}: {name} ({hint})")
