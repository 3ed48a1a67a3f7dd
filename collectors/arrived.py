"""A request as it came, before anything in it is believed."""

from collections.abc import Mapping
from typing import NamedTuple


class Arrived(NamedTuple):
    """One HTTP request."""

    method: str
    url: str  # as the sender called it: scheme, public host, path and query, still percent-encoded
    headers: Mapping[str, str]  # names in lower case; the values of a repeated one are joined by ", "
    body: bytes
    received: int  # ms UTC


class Unreadable(Exception):
    """The request as a whole cannot be read; its text says why, and is shown to the sender. ``field``: where."""

    def __init__(self, text: str, field: str = "body") -> None:
        super().__init__(text)
        self.field = field
