"""The subject of a question: a KPI, a window, a segment. Invalid ones are refused with a message for the user."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from kpis.calendar.window_names import WINDOWS
from kpis.calendar.windows import Window
from kpis.catalog import CATALOG, Kpi
from kpis.catalog.inputs import INPUTS
from kpis.cells.segments import EVERYTHING
from kpis.formulas.common import Formula
from kpis.formulas.view import Tables, View
from kpis.publish.documents import Board, Document
from kpis.state.tenant_state import TenantState

BY_ID: Final = {kpi.id: kpi for kpi in CATALOG}


class Refused(ValueError):
    """A question that cannot be answered; the message tells the user why."""


def kpi_named(name: Any) -> Kpi:
    """The KPI with an id. Raises `Refused`."""
    found = BY_ID.get(name) if isinstance(name, str) else None
    if found is None:
        raise Refused(f"unknown KPI {name!r}")
    return found


def segment_of(given: Any) -> dict[str, str]:
    """The segment of a question: none, or one dimension and its value. Raises `Refused`."""
    segment = {} if given is None else given
    texts = isinstance(segment, Mapping) and all(isinstance(one, str) for pair in segment.items() for one in pair)
    if not texts or len(segment) > 1:
        raise Refused('segment: give {} or one dimension with its value, such as {"owner": "anna"}')
    return dict(segment)


class Question:
    """A KPI in a window and segment of one tenant, as of an instant (ms). Raises `Refused`."""

    def __init__(self, state: TenantState, as_of: int, kpi: Any, window: Any, segment: Any = None) -> None:
        self.state = state
        self.kpi = kpi_named(kpi)
        self.segment = segment_of(segment)
        self.board = Board(state, as_of)
        self.window = self._window(window)
        self.segments = self._segments()

    def _window(self, name: Any) -> Window:
        kpi = self.kpi
        if name not in WINDOWS:
            raise Refused(f"unknown window {name!r}: use one of {', '.join(WINDOWS)}")
        if kpi.id not in self.board.kept.ids:
            raise Refused(f"{kpi.id} is not counted for this tenant: see its setting kpis")
        if name not in kpi.windows:
            raise Refused(f"{kpi.id} has no window {name}: use one of {', '.join(kpi.windows)}")
        found = self.board.windows.get(name)
        if found is None:
            raise Refused(f"window {name} is not counted for this tenant, or began too long ago")
        return found

    @property
    def is_step(self) -> bool:
        """Whether the segment is a step of a vector: a stage of a funnel, a cohort."""
        return self.kpi.vector is not None and self.kpi.vector.key in self.segment

    def _segments(self) -> tuple[str, ...]:
        """The segments to read; several are `__other__`."""
        if not self.segment or self.is_step:
            return (EVERYTHING,)
        (dimension, value), kpi = next(iter(self.segment.items())), self.kpi
        name = self.window.name
        if kpi.rows == "none":
            raise Refused(f"{kpi.id} is not counted by segment")
        if name not in kpi.segment_windows and not (name in kpi.channel_windows and dimension == "channel"):
            raise Refused(f"{kpi.id} by {dimension} has no window {name}: use one of {', '.join(kpi.segment_windows)}")
        known = self.board.dimensions(kpi)
        if dimension not in known:
            raise Refused(f"{kpi.id} has no dimension {dimension}: use one of {', '.join(sorted(known)) or 'none'}")
        return self.board.summed(kpi, self.window, dimension, value)

    @cached_property
    def view(self) -> View:
        """What formulas read."""
        return self.board.view(self.window, *self.segments, reads=INPUTS[self.kpi.id])

    @property
    def tables(self) -> Tables:
        """The tables of its view."""
        return self.view.tables

    @cached_property
    def formula(self) -> Formula:
        """The formula of its figure."""
        kpi = self.kpi
        if self.is_step and kpi.vector is not None:
            for step in kpi.vector.steps(self.view):
                if step.key == self.segment[kpi.vector.key]:
                    return step.formula
            raise Refused(f"{kpi.id} has no {kpi.vector.key} {self.segment[kpi.vector.key]!r}")
        if kpi.whole is None:
            assert kpi.vector is not None
            raise Refused(f"{kpi.id} has no total: ask for one {kpi.vector.key}, as in its documents")
        return kpi.whole

    def document(self) -> Document:
        """The document, whether or not it is published."""
        return self.board.document(self.kpi, self.view, self.segment, self.formula)
