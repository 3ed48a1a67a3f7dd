"""Numbers as they were written: a double may have lost digits of an amount."""

import json
from typing import Any


class Literals:
    """Rereads an event's data with its numbers as written; lazy."""

    __slots__ = ("_found", "_inside", "_raw")

    def __init__(self, raw: bytes, *, inside: bool) -> None:
        """``inside``: the data is a field of the document rather than the whole of it."""
        self._raw = raw
        self._inside = inside
        self._found: Any = None

    def __call__(self) -> Any:
        """The data with its numbers as text."""
        if self._found is None:
            found = json.loads(self._raw.decode("utf-8-sig"), parse_float=str, parse_int=str)
            self._found = found["data"] if self._inside else found
        return self._found
