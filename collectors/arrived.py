"""A request as received, before anything in it is trusted."""

from collections.abc import Mapping
from typing import NamedTuple


class Arrived(NamedTuple):
    """One HTTP request."""

    method: str
    url: str  # as the sender addressed it: scheme, public host, path and query, percent-encoded
    headers: Mapping[str, str]  # names in lower case; repeated headers are joined by ", "
    body: bytes
    received: int  # ms UTC


class Unreadable(Exception):
    """The whole request is unreadable. The message explains why and is sent to the caller; ``field``: where."""

    def __init__(self, text: str, field: str = "body") -> None:
        super().__init__(text)
        self.field = field
