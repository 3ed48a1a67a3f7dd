"""Exit codes, and the one kind of error that is shown as a line instead of a traceback."""

from typing import Final

OK: Final = 0
DIFFERENT: Final = 1  # verify found a difference, or what was asked for does not exist
USAGE: Final = 2  # a flag, a file or a value the user gave is wrong
UNAVAILABLE: Final = 69  # Kafka or Redis cannot be reached
FAIL_STOP: Final = 70  # a worker or a check stopped itself rather than go on half-done
REFUSED: Final = 78  # a worker that a restart cannot help: a wrong setting, topics that do not fit

EPILOG: Final = (
    "Exit codes: 0 ok · 1 difference or not found · 2 invalid usage or input · 69 Kafka or Redis unavailable · "
    "70 fail-stop · 78 worker cannot run, a restart will not help."
)


class CliError(Exception):
    """Says in one line what is wrong and what to do; ends the command with ``code``."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code
