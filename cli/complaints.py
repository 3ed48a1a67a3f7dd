"""Turns the error that ended a command into a message and an exit code. Imported only if there is one."""

from cli.away import redis_away
from cli.exits import UNAVAILABLE, USAGE, CliError
from collectors.pulled.page import Away, PullError
from models.settings_error import SettingsError
from sinks.base import SinkUnavailable


def complaint_of(error: Exception) -> CliError | None:
    """The problem in one line, if the user can fix it; None for bugs and for typer's own errors."""
    if isinstance(error, CliError):
        return error
    if isinstance(error, SettingsError):
        return CliError(f"settings: {error}", USAGE)
    if isinstance(error, SinkUnavailable):
        return redis_away(error)
    if isinstance(error, PullError):
        return CliError(str(error), UNAVAILABLE if isinstance(error, Away) else USAGE)
    if isinstance(error, ConnectionError):
        return CliError(str(error), UNAVAILABLE)
    return None
