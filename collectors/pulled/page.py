"""The interface of pull sources: pages of events with cursors."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol

from collectors.event import Reading

Cursor = dict[str, Any]
"""The position of a source, as JSON; {} before its first page."""


class Page(NamedTuple):
    """Some events, and the source's position once they are acknowledged."""

    reading: Reading
    after: Cursor


class PullError(Exception):
    """A source cannot be read. The message says which one and what to fix, and never contains a secret."""


class Away(PullError):
    """A source is temporarily unavailable."""


class Source(Protocol):
    """One source."""

    remember: bool  # whether passes overlap, so that events sent have to be remembered

    def pages(self, cursor: Cursor) -> AsyncIterator[Page]:
        """The pages of one pass from ``cursor`` on, in a stable order. Raises PullError."""
        ...
