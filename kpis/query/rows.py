"""The rows behind the cells of a number, each with its member, as one column per measure."""

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.cells.ledger import Contribution, minute_of
from kpis.query.wanted import Wanted
from kpis.tenant.tenant import Tenant

Ints = NDArray[np.int64]
Member = tuple[str, str]
"""Kind, and id as the facts spell it."""
Held = dict[str, list[tuple[int, int, int]]]
"""Rows of one member or group: measure -> (minute, change, code of segments)."""


class Column:
    """The rows of one measure: members (by place), minutes, changes, and codes of segments."""

    __slots__ = ("changes", "codes", "minutes", "places")

    def __init__(self) -> None:
        self.places, self.minutes, self.changes, self.codes = (array("q") for _ in range(4))


class RowTable(NamedTuple):
    """Rows of many members, 64-bit integers: ``whose``: the member's number; minutes, changes."""

    whose: Ints
    minutes: Ints
    changes: Ints


class MemberRows:
    """The rows of every member that has any the KPI reads."""

    def __init__(self, tenant: Tenant, wanted: Wanted) -> None:
        self.members: list[Member] = []  # by place
        self.columns: dict[str, Column] = {}
        self._places: dict[Member, int] = {}
        self._unwanted: set[str] = set()
        self._codes: set[int] = set()  # of segments that are read
        self._tenant, self._wanted = tenant, wanted

    def held(self, chosen: Iterable[int]) -> dict[int, Held]:
        """The rows of these members, by place."""
        found: dict[int, Held] = {place: {} for place in chosen}
        for measure, column in self.columns.items():
            for row, place in enumerate(column.places):
                if place in found:
                    one = (column.minutes[row], column.changes[row], column.codes[row])
                    found[place].setdefault(measure, []).append(one)
        return found

    def put(self, member: Member, contribution: Contribution) -> None:
        """Add the rows of a contribution that the KPI reads."""
        columns, codes, place = self.columns, self._codes, -1
        for code, (measure, instant, change) in contribution:
            column = columns.get(measure)
            if column is None:
                if measure in self._unwanted:
                    continue
                if not self._wanted.measure(measure):
                    self._unwanted.add(measure)
                    continue
                column = columns[measure] = Column()
            if code in codes or self._is_wanted(code):
                place = self._place(member) if place < 0 else place
                self._add(column, place, minute_of(instant), change, code)

    def extend(self, measure: str, members: Sequence[Member], table: RowTable, codes: Ints) -> None:
        """Add many rows of one measure. ``codes``: of each member's segments."""
        own = codes[table.whose]
        kept = np.isin(own, [code for code in np.unique(own).tolist() if self._is_wanted(code)])
        whose, places = table.whose[kept], np.zeros(len(members), dtype=np.int64)
        for one in np.unique(whose).tolist():
            places[one] = self._place(members[one])
        column = self.columns.setdefault(measure, Column())
        column.places.frombytes(places[whose].tobytes())
        column.minutes.frombytes(table.minutes[kept].tobytes())
        column.changes.frombytes(table.changes[kept].tobytes())
        column.codes.frombytes(own[kept].tobytes())

    def _is_wanted(self, code: int) -> bool:
        """Whether rows in a set of segments are read."""
        if code in self._codes:
            return True
        if self._wanted.code(self._tenant, code):
            self._codes.add(code)
            return True
        return False

    def _place(self, member: Member) -> int:
        found = self._places.get(member)
        if found is None:
            found = self._places[member] = len(self.members)
            self.members.append(member)
        return found

    @staticmethod
    def _add(column: Column, place: int, minute: int, change: int, code: int) -> None:
        column.places.append(place)
        column.minutes.append(minute)
        column.changes.append(change)
        column.codes.append(code)

    def add(self, member: Member, measure: str, minute: int, change: int, code: int) -> None:
        """Add one row, if it is read."""
        if self._wanted.measure(measure) and self._is_wanted(code):
            column = self.columns.setdefault(measure, Column())
            self._add(column, self._place(member), minute, change, code)
