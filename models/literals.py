"""Numbers as they were written: a double may have lost digits of an amount."""

import json
from typing import Any


class Literals:
    """An event's data once more, its numbers as they were written; read when first asked for."""

    __slots__ = ("_found", "_inside", "_raw")

    def __init__(self, raw: bytes, *, inside: bool) -> None:
        """``inside``: the data is a field of the document, not all of it."""
        self._raw = raw
        self._inside = inside
        self._found: Any = None

    def __call__(self) -> Any:
        """Objects, arrays and texts as ever, numbers as texts."""
        if self._found is None:
            found = json.loads(self._raw.decode("utf-8-sig"), parse_float=str, parse_int=str)
            self._found = found["data"] if self._inside else found
        return self._found
