"""Errors that a command ends with, as what to say and with which exit code. Loaded when there is one."""

from cli.away import redis_away
from cli.exits import UNAVAILABLE, USAGE, CliError
from collectors.pulled.page import Away, PullError
from models.settings_error import SettingsError
from sinks.base import SinkUnavailable


def complaint_of(error: Exception) -> CliError | None:
    """What the user can mend, in one line; None: it is a fault of the program, or typer's own."""
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
