"""Logging of every process: our own lines, and what matters from libraries, not thousands when a broker restarts.

CRMKPI_LOG_FORMAT=json makes each line a JSON object with `timestamp`, `level`, `logger`, `event` and any other fields.
"""

import logging
import os
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import orjson

from models.settings_error import SettingsError

OURS = ("streams", "kpis", "sinks", "ops", "access", "models", "cli", "dashboard", "collectors", "alerts", "notify")
QUIET_SECONDS = 30.0  # repeats within this time are counted, not written
FORMAT: Final = "CRMKPI_LOG_FORMAT"
FIRST: Final = ("timestamp", "level", "logger", "event")
TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RateLimit(logging.Filter):
    """Passes the first of similar lines (same logger, same text before its arguments), then one every 30 s."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] in OURS:
            return True
        key = record.name, str(record.msg)[:60]
        last, hidden = self._last.get(key, (-QUIET_SECONDS, 0))
        now = time.monotonic()
        if now - last < QUIET_SECONDS:
            self._last[key] = last, hidden + 1
            return False
        self._last[key] = now, 0
        record.exc_info = record.exc_text = None  # one line each
        if hidden:
            record.msg = f"{record.getMessage()} ({hidden} similar messages suppressed)"
            record.args = ()
        return True


def as_json() -> bool:
    """Whether lines are JSON objects. Raises SettingsError for an unknown format."""
    chosen = os.environ.get(FORMAT, "text").lower()
    if chosen not in ("text", "json"):
        raise SettingsError(f"{FORMAT} is {chosen!r}; it must be text or json")
    return chosen == "json"


def json_log_line(event: str, *, logger: str, level: str = "info", **fields: object) -> str:
    """A line in the JSON format, for output that bypasses `logging`; fields of None are left out."""
    known = {name: value for name, value in fields.items() if value is not None}
    line = {"timestamp": _instant(time.time()), "level": level, "logger": logger, "event": event, **known}
    return orjson.dumps(line, default=str).decode()


def set_up_logs() -> None:
    """One-line messages to stderr. CRMKPI_LOG_LEVEL: debug, info (default), warning, error. Raises SettingsError."""
    level = os.environ.get("CRMKPI_LOG_LEVEL", "info").upper()
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RateLimit())
    handler.setFormatter(json_formatter() if as_json() else logging.Formatter(TEXT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if as_json():
        logging.captureWarnings(True)
        sys.excepthook = _uncaught
    if level != "DEBUG":
        for name in ("aiokafka", "faust", "mode", "asyncio"):
            logging.getLogger(name).setLevel(logging.ERROR)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("uncaught %s", kind.__name__, exc_info=(kind, error, trace))


def json_formatter() -> logging.Formatter:
    """Lines of all libraries and our own as JSON objects. A call's ``extra`` becomes fields."""
    import structlog  # costs commands that write text 50 ms

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            _add_instant,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _in_order,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
    )


def _add_instant(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["timestamp"] = _instant(event["_record"].created)
    return event


def _in_order(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: event[name] for name in FIRST if name in event} | dict(event)


def _dumps(event: object, **options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
