"""Watches the settings file while the worker runs: valid changes are applied, invalid ones only logged."""

import asyncio
import logging
from collections.abc import Callable

from models.settings import SettingsError, TenantBook
from streams.configure import configured, settings_file
from streams.stop import Refused, spawn

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between checks
Stamp = tuple[str, int, int, int] | None


class Watched:
    """Every tenant's settings, as of the file's last valid version."""

    def __init__(self, book: TenantBook) -> None:
        self.book = book
        self._stamp = _stamp()

    def watch(self, notify: Callable[[TenantBook], None]) -> None:
        """Start watching; calls ``notify`` when settings change."""
        self._task = spawn(self._run(notify), lambda: "watching the settings file")

    async def _run(self, notify: Callable[[TenantBook], None]) -> None:
        while True:
            await asyncio.sleep(EVERY)
            if self.look():
                notify(self.book)

    def look(self) -> bool:
        """Reread the file if it changed; returns whether tenants' settings changed."""
        stamp = _stamp()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            _, book = configured()
        except (Refused, SettingsError) as error:
            log.error("settings: %s; keeping the previous settings", error)
            return False
        if book == self.book:
            return False
        self.book = book
        log.info("the settings file changed")
        return True


def _stamp() -> Stamp:
    """Changes whenever the file does; None if there is no file."""
    try:
        file = settings_file()
        about = file.stat() if file else None
    except OSError:
        return None
    return (str(file), about.st_ino, about.st_size, about.st_mtime_ns) if about else None
