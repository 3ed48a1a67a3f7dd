"""Late events that are not touches, kept so that late data is counted with the subject it belongs to."""

from typing import Any, NamedTuple


class LateEvent(NamedTuple):
    """A late event at ``time`` ms. ``label``: its type, with what else it is counted by.

    ``scale``: the segment of an answer's scale; ``segments``: a conversion's own segments.
    """

    time: int
    label: str
    scale: str | None = None
    segments: tuple[str, ...] | None = None

    def encode(self) -> list[Any]:
        """As stored: without empty fields."""
        return [self.time, self.label, *(one for one in self[2:] if one is not None)]


def decode_late(time: int, label: str, *more: Any) -> LateEvent:
    """A late event from its stored fields: a scale is text, segments are a list."""
    scale = next((one for one in more if isinstance(one, str)), None)
    segments = next((tuple(one) for one in more if isinstance(one, list)), None)
    return LateEvent(time, label, scale, segments)
