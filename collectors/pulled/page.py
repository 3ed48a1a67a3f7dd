"""What a source hands over at a time."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol

from collectors.event import Reading

Cursor = dict[str, Any]
"""Where a source stands, as JSON; {} before its first page."""


class Page(NamedTuple):
    """Some events, and where the source stands once they are taken."""

    reading: Reading
    after: Cursor


class PullError(Exception):
    """A source cannot be read: which, and what to mend. Never holds a secret."""


class Away(PullError):
    """A source does not answer just now; later it may."""


class Source(Protocol):
    """One source."""

    remember: bool  # whether its passes overlap, so that what was sent has to be remembered

    def pages(self, cursor: Cursor) -> AsyncIterator[Page]:
        """The pages of one pass from ``cursor`` on, in an order that does not change. Raises PullError."""
        ...
