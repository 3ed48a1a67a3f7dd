"""Exit codes, and the error that is shown as one line instead of a traceback."""

from typing import Final

OK: Final = 0
DIFFERENT: Final = 1  # verify found a difference, or the requested item does not exist
USAGE: Final = 2  # an invalid flag, file or value
UNAVAILABLE: Final = 69  # Kafka or Redis cannot be reached
FAIL_STOP: Final = 70  # a worker or check stopped itself rather than continue in doubt
REFUSED: Final = 78  # restarting a worker would not help: an invalid setting, mismatching topics

EPILOG: Final = (
    "Exit codes: 0 ok · 1 difference or not found · 2 invalid usage or input · 69 Kafka or Redis unavailable · "
    "70 fail-stop · 78 worker cannot run, a restart will not help."
)


class CliError(Exception):
    """One line with the problem and the remedy; ends the command with ``code``."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code
