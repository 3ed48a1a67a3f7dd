"""Targets of a tenant: the latest event says what a KPI should come to in a window, in total or for one segment."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from kpis.identity.ids import segment_of
from models.targets import FileTarget


class TargetEvent(NamedTuple):
    """A target as told at ``time`` ms; ``value`` is the decimal text, None withdraws it. The latest holds."""

    time: int
    source: str
    id: str
    value: str | None


class Target(NamedTuple):
    """A target that holds. ``since``: when it was set, ms; None: by the settings. ``text``: the plain decimal text."""

    value: Fraction
    since: int | None
    text: str


def key_of(data: dict[str, Any]) -> str:
    """What a target is for: KPI, window, and segment as ``owner=anna`` (empty: the total), joined by NUL."""
    return "\0".join((data["kpi"], data["window"], _segment(data.get("segment") or {})))


def _segment(given: Mapping[str, Any]) -> str:
    return ",".join(segment_of(name, value) for name, value in given.items())


class Targets:
    """All that was said of targets, in ``said`` by what they are for: events are kept, so that there is a history.

    A target of the settings holds where no event said anything. ``version`` rises with every change.
    """

    def __init__(self, filed: Iterable[FileTarget] = ()) -> None:
        self.said: dict[str, list[TargetEvent]] = {}
        self.version = 0
        self.changed: set[str] = set()  # since documents were last made
        self._filed: dict[str, Decimal] = {}
        self.file(filed)

    def file(self, filed: Iterable[FileTarget]) -> None:
        """Have other targets in the settings."""
        found = {key_of({"kpi": one.kpi, "window": one.window, "segment": {**one.segment}}): one for one in filed}
        before, self._filed = self._filed, {key: one.value for key, one in found.items()}
        for key in before.keys() | self._filed.keys():
            if before.get(key) != self._filed.get(key):
                self.note(key)

    def note(self, key: str) -> None:
        """A target may be another."""
        self.changed.add(key)
        self.version += 1

    def of(self, kpi: str, window: str, segment: Mapping[str, Any]) -> Target | None:
        """The target of a document, if there is one."""
        if not self.said and not self._filed:  # as for most tenants: every document asks
            return None
        return self.at(key_of({"kpi": kpi, "window": window, "segment": segment}))

    def at(self, key: str) -> Target | None:
        """The same, by its key."""
        if said := self.said.get(key):
            latest = max(said, key=lambda event: event[:3])
            return None if latest.value is None else Target(Fraction(latest.value), latest.time, latest.value)
        filed = self._filed.get(key)
        return None if filed is None else Target(Fraction(filed), None, format(filed, "f"))

    def held(self) -> list[str]:
        """Everything there is a target for."""
        return [key for key in {*self.said, *self._filed} if self.at(key) is not None]
