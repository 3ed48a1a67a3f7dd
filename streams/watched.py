"""The settings file while the worker runs: a change is read, checked and handed on; a wrong one is only told."""

import asyncio
import logging
from collections.abc import Callable

from models.settings import SettingsError, TenantBook
from streams.configure import configured, settings_file
from streams.stop import Refused, spawn

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two looks at the file
Mark = tuple[str, int, int, int] | None


class Watched:
    """Every tenant's settings, as the file last said them rightly."""

    def __init__(self, book: TenantBook) -> None:
        self.book = book
        self._mark = _mark()

    def watch(self, tell: Callable[[TenantBook], None]) -> None:
        """From now on look at the file, and tell of other settings."""
        self._task = spawn(self._run(tell), lambda: "watching the settings file")

    async def _run(self, tell: Callable[[TenantBook], None]) -> None:
        while True:
            await asyncio.sleep(EVERY)
            if self.look():
                tell(self.book)

    def look(self) -> bool:
        """Read the file again if it changed; says whether tenants have other settings now."""
        mark = _mark()
        if mark == self._mark:
            return False
        self._mark = mark
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


def _mark() -> Mark:
    """What changes with the file; None when it is not there."""
    try:
        file = settings_file()
        about = file.stat() if file else None
    except OSError:
        return None
    return (str(file), about.st_ino, about.st_size, about.st_mtime_ns) if about else None
