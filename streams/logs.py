"""Logs of a worker: our own lines, and of the libraries what matters, not thousands of lines when a broker restarts."""

import logging
import os
import sys
import time

OURS = ("streams", "kpis", "sinks", "ops", "access", "models", "cli")
QUIET_SECONDS = 30.0  # a line like the last one within this time is counted, not written


class RateLimit(logging.Filter):
    """Lets the first of equal lines (same logger, same text before its arguments) through, and then one in a while."""

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
            record.msg = f"{record.getMessage()} (and {hidden} more like it)"
            record.args = ()
        return True


def set_up_logs() -> None:
    """One line each on stderr. CRMKPI_LOG_LEVEL: debug, info (default), warning, error."""
    level = os.environ.get("CRMKPI_LOG_LEVEL", "info").upper()
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RateLimit())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        for name in ("aiokafka", "faust", "mode", "asyncio"):
            logging.getLogger(name).setLevel(logging.ERROR)
