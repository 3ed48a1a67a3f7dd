"""Typed access to a provider's fields; a field of another type raises Wrong, which names it."""

import re
from email.utils import parseaddr
from typing import Any, Final

from models.bounds import END_MS, FIRST_MS, NAME_LENGTH
from models.instant import instant
from models.refused import Refused
from models.robots import AGENT_LENGTH

URL_LENGTH: Final = 8192  # longer URLs are refused: a truncated one leads elsewhere
WORDS_LENGTH: Final = 500  # of a reason, which is for people: the rest is truncated
_NUMBER: Final = re.compile(r"[0-9]{1,16}(\.[0-9]{1,16})?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")


class Wrong(Exception):
    """A field has an invalid value."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field} {text}")
        self.field, self.text = field, text


class Item:
    """An object of a request. Missing, null and empty fields are None; invalid ones raise Wrong."""

    __slots__ = ("_found", "_path")

    def __init__(self, found: object, path: str = "") -> None:
        if type(found) is not dict:
            raise Wrong(path or "event", "is not an object")
        self._found: dict[str, Any] = found
        self._path = path

    def where(self, name: str) -> str:
        """The path of a field, for errors."""
        return f"{self._path}.{name}" if self._path else name

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def names(self) -> list[str]:
        """The names of all fields."""
        return list(self._found)

    def part(self, name: str) -> "Item":
        """A nested object; empty if absent."""
        value = self._found.get(name)
        return Item({} if value is None else value, self.where(name))

    def listed(self, name: str) -> list[Any]:
        """A nested list; empty if absent."""
        value = self._found.get(name)
        if value is not None and type(value) is not list:
            raise Wrong(self.where(name), "is not a list")
        return value or []

    def text(self, *names: str) -> str | None:
        """The first of these fields present: an id, a name, a kind. Integers become text."""
        for name in names:
            found = _trimmed(self._found.get(name), self.where(name))
            if found:
                return found
        return None

    def needed(self, *names: str) -> str:
        """The first of these fields present; one is required."""
        found = self.text(*names)
        if found is None:
            raise Wrong(self.where(names[0]), "is missing")
        return found

    def address(self, name: str) -> str | None:
        """The address in ``Jane Doe <jane@example.com>`` or ``jane@example.com``."""
        return address(self.text(name), self.where(name))

    def words(self, *names: str) -> str | None:
        """The first of these fields present, for people: truncated, on one line, without mail addresses."""
        for name in names:
            value = self._found.get(name)
            if type(value) is str and value.strip():
                return _ADDRESS.sub("...@...", _CONTROL.sub(" ", value[:WORDS_LENGTH])).strip()
            if value is not None and type(value) is not str:
                raise Wrong(self.where(name), "is not text")
        return None

    def url(self, name: str) -> str | None:
        """The URL of a link."""
        found = self._plain(name)
        if found is not None and len(found) > URL_LENGTH:
            raise Wrong(self.where(name), f"is longer than {URL_LENGTH} characters")
        return found

    def agent(self, *names: str) -> str | None:
        """A user agent, truncated to the length that is examined."""
        found = next((value for name in names if (value := self._plain(name))), None)
        return found and found[:AGENT_LENGTH]

    def _plain(self, name: str) -> str | None:
        value = self._found.get(name)
        if value is not None and type(value) is not str:
            raise Wrong(self.where(name), "is not text")
        if value and "\0" in value:
            raise Wrong(self.where(name), "has a NUL in it")
        return value or None

    def true(self, *names: str) -> bool:
        """Whether one of these fields is true; anything else counts as false."""
        return any(self._found.get(name) is True for name in names)

    def epoch(self, name: str, scale: int = 1000) -> int | None:
        """Seconds since 1970 (``scale`` 1: milliseconds), as number or text, in ms UTC."""
        value = self._found.get(name)
        if value is None or value == "":
            return None
        if type(value) is str and _NUMBER.fullmatch(value.strip()):
            value = float(value) if "." in value else int(value)
        if type(value) not in (int, float):
            raise Wrong(self.where(name), "is no number of seconds since 1970")
        return self._within(name, value * scale)

    def _within(self, name: str, ms: float) -> int:
        # Compared before conversion, as infinity has no integer. Rounded, as a fraction of a second times 1000 may fall
        # just short of the ms that were sent.
        if not FIRST_MS <= ms < END_MS:
            raise Wrong(self.where(name), "is outside 1970-01-02 to 2100-01-01")
        return int(round(ms, 3))

    def instant(self, name: str, zone: str = "") -> int | None:
        """An RFC 3339 time as ms UTC. ``zone``: "Z" for a provider that sends times without offset."""
        value = self._found.get(name)
        if value is None or value == "":
            return None
        if type(value) is not str:
            raise Wrong(self.where(name), "is not a time like 2026-11-01T10:00:00Z")
        try:
            found = instant(value.strip() + zone, name)
        except Refused:
            raise Wrong(self.where(name), "is not a time like 2026-11-01T10:00:00Z") from None
        return self._within(name, found)


def address(text: str | None, where: str) -> str | None:
    """The address in a mail header; None for None."""
    if text is None:
        return None
    found = parseaddr(text)[1]
    if "@" not in found:
        raise Wrong(where, "is no mail address")
    return found


def texts(values: list[Any], where: str) -> list[str]:
    """The elements of a list as ids or names, without empty ones."""
    found = [_trimmed(value, f"{where}[{at}]") for at, value in enumerate(values)]
    return [one for one in found if one]


def _trimmed(value: object, where: str) -> str:
    if value is None:
        return ""
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise Wrong(where, "is not text")
    found = value.strip()
    if len(found) > NAME_LENGTH:
        raise Wrong(where, f"is longer than {NAME_LENGTH} characters")
    if _CONTROL.search(found):
        raise Wrong(where, "has control characters in it")
    return found
