"""Files of a Google Analytics 4 export: JSON lines, plain or gzip, in order of their names.

A file is read again only if its size has changed: the day's table was exported again.
"""

import glob
import gzip
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from collectors.pulled.ga4 import lines_reading
from collectors.pulled.page import Cursor, Page, PullError

LINES: Final = 500  # per page
LONGEST: Final = 2 << 20  # bytes per line
INTRADAY: Final = "intraday"  # tables of the running day; their events come again in the daily table


class Ga4Files:
    """The files that match a pattern."""

    remember = False  # no line is read twice, except those of the page that was being sent

    def __init__(self, pattern: str, now: Callable[[], int], *, gross: bool = False) -> None:
        """``now``: ms UTC."""
        self._pattern, self._now, self._gross = pattern, now, gross

    async def pages(self, cursor: Cursor) -> AsyncIterator[Page]:
        """500 lines a page. Raises PullError."""
        done: dict[str, int] = dict(cursor.get("done", {}))
        found = sorted(Path(one) for one in glob.glob(self._pattern, recursive=True) if INTRADAY not in Path(one).name)
        if not found and not done:
            raise PullError(f"no file matches {self._pattern}")
        for path in found:
            size = _size(path)
            if done.get(str(path)) == size:
                continue
            begun = cursor if (cursor.get("file"), cursor.get("size")) == (str(path), size) else {}
            line = int(begun.get("line", 0))
            for batch in _batches(path, line):
                line += len(batch)
                reading = lines_reading(filter(bytes.strip, batch), self._now(), gross_values=self._gross)
                yield Page(reading, {"done": done, "file": str(path), "size": size, "line": line})
            done = {**done, str(path): size}
            yield Page(lines_reading((), self._now()), {"done": done})


def _batches(path: Path, line: int) -> Iterator[list[bytes]]:
    try:
        with _opened(path) as stream:
            lines = iter(lambda: stream.readline(LONGEST), b"")
            for _ in islice(lines, line):
                pass
            while batch := list(islice(lines, LINES)):
                yield batch
    except (OSError, EOFError) as error:
        raise PullError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _opened(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise PullError(f"cannot read {path}: {error.strerror}") from error
