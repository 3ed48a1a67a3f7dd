"""Clicks on links, and conversions. Rules: kpi-precise "Conversion"."""

from typing import Any, NamedTuple


class Conversion(NamedTuple):
    """A conversion at ``time`` ms, with the click id if the event has one."""

    time: int
    click: str | None


class Click(NamedTuple):
    """A click at ``time`` ms under the source id ``raw``, in the event's own segments."""

    time: int
    source: str
    id: str
    raw: str
    segments: tuple[str, ...]

    @property
    def stamp(self) -> tuple[int, str, str]:
        """Sort key: of clicks that share a click id, the first counts."""
        return self.time, self.source, self.id


def decode_click(stored: list[Any]) -> Click:
    """A click from its stored fields."""
    time, source, id_, raw, segments = stored
    return Click(time, source, id_, raw, tuple(segments))
