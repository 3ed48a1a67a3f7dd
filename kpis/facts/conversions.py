"""Clicks on links, and conversions that may have come of them. Rules: kpi-precise "Conversion"."""

from typing import Any, NamedTuple


class Conversion(NamedTuple):
    """Somebody was brought to what the tenant wanted, at ``time`` ms; by a click, where the event names one."""

    time: int
    click: str | None


class Click(NamedTuple):
    """A click at ``time`` ms, by the id ``raw`` that it came with, in the event's own segments."""

    time: int
    source: str
    id: str
    raw: str
    segments: tuple[str, ...]

    @property
    def stamp(self) -> tuple[int, str, str]:
        """Of the clicks that share a click id the first counts."""
        return self.time, self.source, self.id


def decode_click(stored: list[Any]) -> Click:
    """A stored click."""
    time, source, id_, raw, segments = stored
    return Click(time, source, id_, raw, tuple(segments))
