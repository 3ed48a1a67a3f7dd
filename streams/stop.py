"""Fail-stop: anything unforeseen ends the process with one line and an exit code the supervisor understands."""

import asyncio
import os
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from models.settings import SettingsError
from ops.logs import as_json, json_log_line

RESTART = 70  # committed work is safe and the rest is restored from Kafka: restart
REFUSED = 78  # a restart would end the same way: an operator has to decide


class Refused(Exception):
    """The worker must not start or continue until an operator decides; the text says what to do."""


def describe(exc: BaseException) -> str:
    """The error and the innermost line it came from."""
    frames = traceback.extract_tb(exc.__traceback__)
    where = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(exc).split())[:400]
    return f"{type(exc).__name__}: {text}{where}" if text else f"{type(exc).__name__}{where}"


def moved_by_hand(topic: str, partition: int, to: int) -> NoReturn:
    """End the process: an operator moved a blocked partition, and a restart picks up the new position."""
    die(f"{topic}/{partition} was moved manually: restarting at {to}")


def die(doing: str, exc: BaseException | None = None, code: int = RESTART) -> NoReturn:
    """End the process at once. Nothing is flushed or closed: Kafka aborts an open transaction."""
    reason = str(exc) if isinstance(exc, Refused) else describe(exc) if exc else ""
    if isinstance(exc, Refused):
        code = REFUSED
    debug = exc is not None and os.environ.get("CRMKPI_LOG_LEVEL", "").lower() == "debug"
    trace = "".join(traceback.format_exception(exc)) if debug else None
    words = f"crmkpi worker stopped: {doing}{': ' if reason else ''}{reason}"
    sys.stderr.write(_last_line(words, doing=doing, reason=reason, code=code, exception=trace) + "\n")
    sys.stderr.flush()
    os._exit(code)


def _last_line(words: str, *, exception: str | None, **fields: object) -> str:
    try:
        if as_json():
            return json_log_line(words, logger=__name__, level="critical", **fields, exception=exception)
    except SettingsError:  # the error at hand may be about the log format itself
        pass
    return f"{exception or ''}{words}"


def spawn(work: Coroutine[Any, Any, Any], doing: Callable[[], str]) -> asyncio.Task[Any]:
    """A task whose failure ends the process, so that none fails unnoticed."""

    async def guarded() -> Any:
        try:
            return await work
        except Exception as exc:  # noqa: BLE001 - every kind ends the process
            die(doing(), exc)

    return asyncio.get_running_loop().create_task(guarded())
