"""Targets of a tenant, each for a KPI and window, in total or for one segment. The latest event wins."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from kpis.identity.ids import segment_of
from models.targets import FileTarget


class TargetEvent(NamedTuple):
    """A target set at ``time`` ms; ``value``: decimal text, None withdraws it. The latest wins."""

    time: int
    source: str
    id: str
    value: str | None


class Target(NamedTuple):
    """A target in force. ``since``: when it was set, ms; None: by the settings. ``text``: plain decimal text."""

    value: Fraction
    since: int | None
    text: str


def key_of(data: dict[str, Any]) -> str:
    """What a target is for: KPI, window, and segment as ``owner=anna`` (empty: the total), joined by NUL."""
    return "\0".join((data["kpi"], data["window"], _segment(data.get("segment") or {})))


def _segment(given: Mapping[str, Any]) -> str:
    return ",".join(segment_of(name, value) for name, value in given.items())


class Targets:
    """All target events, in ``said`` by `key_of`: kept, as they are the history.

    A target in the settings applies if there is no event. ``version`` increases with every change.
    """

    def __init__(self, filed: Iterable[FileTarget] = ()) -> None:
        self.said: dict[str, list[TargetEvent]] = {}
        self.version = 0
        self.changed: set[str] = set()  # keys changed since documents were last computed
        self._filed: dict[str, Decimal] = {}
        self.file(filed)

    def file(self, filed: Iterable[FileTarget]) -> None:
        """Replace the targets of the settings."""
        found = {key_of({"kpi": one.kpi, "window": one.window, "segment": {**one.segment}}): one for one in filed}
        before, self._filed = self._filed, {key: one.value for key, one in found.items()}
        for key in before.keys() | self._filed.keys():
            if before.get(key) != self._filed.get(key):
                self.note(key)

    def note(self, key: str) -> None:
        """Note that a target may have changed."""
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
        """The keys of all targets in force."""
        return [key for key in {*self.said, *self._filed} if self.at(key) is not None]
