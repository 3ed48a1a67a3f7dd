"""A late event that is no touch, kept so that what came late is counted with what it is of."""

from typing import Any, NamedTuple


class LateEvent(NamedTuple):
    """A late event, at ``time`` ms. ``label``: its type, and what it is counted by beside that.

    ``scale``: the segment of an answer's scale; ``segments``: those of a conversion itself.
    """

    time: int
    label: str
    scale: str | None = None
    segments: tuple[str, ...] | None = None

    def encode(self) -> list[Any]:
        """As it is stored: without what it has not."""
        return [self.time, self.label, *(one for one in self[2:] if one is not None)]


def decode_late(time: int, label: str, *more: Any) -> LateEvent:
    """A late event of its stored fields: a scale is text, segments are a list."""
    scale = next((one for one in more if isinstance(one, str)), None)
    segments = next((tuple(one) for one in more if isinstance(one, list)), None)
    return LateEvent(time, label, scale, segments)
