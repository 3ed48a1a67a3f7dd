"""All members at once: reads return arrays, an entry per member, as `kpis.formulas.ranked` does for segments."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpis.formulas.ranked import Many
from kpis.formulas.view import View
from kpis.query.member_cells import Reach
from kpis.query.rows import Column, MemberRows

Ints = NDArray[np.int64]
NEVER: Final = -(1 << 60)


class ManyMembers(Many):
    """A view of the rows of all members. ``view``: the view of their document."""

    def __init__(self, view: View, rows: MemberRows, reach: Reach) -> None:
        self.__dict__.update(view.__dict__)
        self._rows, self._reach = rows, reach
        self._columns = {}
        self._ends = {}
        self._whole = view.whole()

    @property
    def zero(self) -> Ints:
        """Zeros, an entry per member."""
        return np.zeros(len(self._rows.members), dtype=np.int64)

    def _before(self, measure: str, minute: int) -> Any:
        found = self._columns.get((measure, minute))
        if found is None:
            found = self._columns[measure, minute] = self.zero
            column = self._rows.columns.get(measure)
            for segment in self.segments if column is not None else ():
                until = self._reach.until(measure, segment, minute)
                if until is not None and column is not None:
                    chosen = (ints(column.minutes) < until) & self._inside(column, segment)
                    np.add.at(found, ints(column.places)[chosen], ints(column.changes)[chosen])
        return found

    def _inside(self, column: Column, segment: str) -> Any:
        """Rows in a segment; if only one segment is read, no others were gathered."""
        if len(self.segments) == 1:
            return True
        codes = ints(column.codes)
        used = [code for code in np.unique(codes).tolist() if segment in self._reach.sets[code]]
        return np.isin(codes, used)

    def _followers(self, start: str) -> list[str]:
        return [name.removeprefix(start) for name in self._rows.columns if name.startswith(start)]

    def newest(self) -> Ints:
        """The newest minute of each member's rows in the window; else the newest before its end; else NEVER."""
        inside, before = self.zero + NEVER, self.zero + NEVER
        start, end = self.window.start, self.window.end
        for column in self._rows.columns.values():
            minutes, places = ints(column.minutes), ints(column.places)
            seen = minutes < end
            np.maximum.at(before, places[seen], minutes[seen])
            if start is not None:
                seen &= minutes >= start
            np.maximum.at(inside, places[seen], minutes[seen])
        return np.where(inside == NEVER, before, inside)


def ints(values: Any) -> Ints:
    """A numpy view of an array; no copy."""
    return np.frombuffer(values, dtype=np.int64)
