"""Salesforce ids: 15 case-sensitive characters, or 18 whose last three encode which letters are capitals."""

import re
from typing import Final

_ID: Final = re.compile("[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_SUMS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(text: str) -> str:
    """The 18-character id; empty text stays empty. Raises ValueError for anything else, or if the case was changed."""
    if not text:
        return text
    if not _ID.fullmatch(text):
        raise ValueError(f"{text!r} is not an id of 15 or 18 characters")
    found = text[:15] + "".join(_sum(text[start : start + 5]) for start in (0, 5, 10))
    if len(text) == 18 and found[15:] != text[15:].upper():
        raise ValueError(f"{text!r} does not match its last three characters: has its case been changed?")
    return found


def _sum(part: str) -> str:
    return _SUMS[sum(1 << place for place, letter in enumerate(part) if "A" <= letter <= "Z")]
