"""The names of measures, and which levels of panes each is kept at.

A measure is a number that adds up over disjoint subjects, declared in `kpis.cells.declared`. Its name is text
(``visitors@7d``, ``won``, ``net:EUR``); on the hot path it is a small integer, assigned when the name is first used and
never stored. Names spelt out in modules are numbered once a process. Names that hold a day, a currency or a type are
unlimited: each tenant numbers its own, and drops them when there are too many.
"""

from functools import lru_cache
from sys import intern
from typing import Final, Protocol

from kpis.calendar.window_names import DAY_WINDOWS, MINUTE_WINDOWS, SEGMENT_WINDOWS
from kpis.calendar.zone import BUCKETS
from kpis.cells.declared import DECLARED, MONEY, TABLES, Measure

ROLLING_LEVELS: Final = {
    **dict.fromkeys(MINUTE_WINDOWS, "mq"),  # short windows are not read beyond the quarter hours
    "24h": "mqd",
    **dict.fromkeys(DAY_WINDOWS, "qd"),
}
YOUNG: Final = "young"  # suffix of a distinct measure: present within the tenant's conversion window
SEGMENT_ROLLING: Final = frozenset(DAY_WINDOWS.keys() & SEGMENT_WINDOWS)
SEGMENT_DAYS: Final = frozenset({"users@day"})  # longer windows are sums of it
SEGMENT_BUCKETS: Final = frozenset({"month", "quarter", "year", "all"})
SUFFIXES: Final = frozenset({*ROLLING_LEVELS, YOUNG, *BUCKETS, "all"})  # kinds of windows with measures of their own


OWN: Final = 1 << 16  # the first code of a tenant's own names
MEASURE_BITS: Final = 24  # of a code in a row's key
MOST: Final = 1 << MEASURE_BITS
KEPT: Final = 1 << 15  # names that a tenant keeps from one batch to the next


class Names:
    """Measure names <-> codes, for the life of a process: names spelt out in modules."""

    turn = 0  # codes are valid within one turn

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.names: list[str] = []

    def code(self, name: str) -> int:
        """The code of a measure name."""
        found = self.codes.get(name)
        if found is None:
            found = self.codes[name] = len(self.names)
            self.names.append(name)
        return found

    def name(self, code: int) -> str:
        """The measure name of a code."""
        return self.names[code]


class OwnNames(Names):
    """The measure names that one tenant uses: the process's, and its own, which get new codes once dropped."""

    def code(self, name: str) -> int:
        """The code of a measure name. OverflowError when the pending rows use more names than their keys can hold."""
        found = self.codes.get(name)
        if found is None:
            name = intern(name)  # most are shared with other tenants
            found = NAMES.codes.get(name)
            if found is None:
                found = OWN + len(self.names)
                if found >= MOST:
                    raise OverflowError("too many measures in one batch")
                self.names.append(name)
            self.codes[name] = found
        return found

    def name(self, code: int) -> str:
        """The measure name of a code."""
        return NAMES.names[code] if code < OWN else self.names[code - OWN]

    def forget(self) -> None:
        """Restart the numbering; nothing may hold a code any more."""
        self.codes.clear()
        self.names.clear()
        self.turn += 1

    def __reduce__(self) -> tuple[type["OwnNames"], tuple[()]]:
        """A tenant at rest has no rows, so its names are not pickled."""
        return OwnNames, ()


NAMES: Final = Names()
code = NAMES.code


class UndeclaredMeasure(LookupError):
    """A name without a row in `DECLARED`: it is misspelt, or its row is missing."""


DECLARED_BY_NAME: Final = {(one.name, one.sign): one for one in DECLARED}
BASES: Final = frozenset(one.name for one in DECLARED) | TABLES.keys()
# The measures late events are counted under, by whose segments they fall in.
LATE: Final = {one.grain: one.name for one in DECLARED if one.by == "type" and not one.counter}
# Measures whose days are kept for ever: a subject that was touched and has not bought yet waits since that very day.
LASTING: Final = frozenset(one.name for one in DECLARED if one.lasting)
CHANNEL_ROWS: Final = frozenset({"acquisition", "marketing"})


@lru_cache(maxsize=65_536)
def find(name: str) -> Measure | None:
    """The row of a measure's name; None: there is none, as in states of other releases."""
    base = base_of(name)
    counts = name.startswith("#", len(base))
    sign = name[len(base) + counts :][:1]
    found = DECLARED_BY_NAME.get((base, sign or ":" * counts))
    if found is None or (counts and found.by not in MONEY) or (sign == "@" and name.partition("@")[2] not in SUFFIXES):
        return None
    return found


def declared(name: str) -> Measure:
    """The row of a measure's name. Raises `UndeclaredMeasure`."""
    found = find(name)
    if found is None:
        raise UndeclaredMeasure(f"{name}: declare this measure in kpis/cells/declared.py")
    return found


def declared_base(base: str) -> str:
    """``base`` itself, if it is declared. Raises `UndeclaredMeasure`."""
    if base not in BASES:
        raise UndeclaredMeasure(f"{base}: declare this measure in kpis/cells/declared.py")
    return base


@lru_cache(maxsize=65_536)
def levels(name: str, segmented: bool) -> str:
    """Levels of panes at which a measure is kept; empty when a segment never reads it. Raises `UndeclaredMeasure`."""
    measure = declared(name)
    if measure.grain == ("none" if segmented else "page"):
        return ""  # pages have no total
    if measure.by != "window":
        # Measures by channel are also read in short windows.
        return "qd" if segmented and measure.grain not in CHANNEL_ROWS else "mqd"
    suffix = name.partition("@")[2]
    if suffix in ROLLING_LEVELS:
        return "" if segmented and suffix not in SEGMENT_ROLLING else ROLLING_LEVELS[suffix]
    # Calendar buckets and `all` are read up to now, so quarter hours are fine enough.
    return "" if segmented and suffix not in SEGMENT_BUCKETS and name not in SEGMENT_DAYS else "qd"


class Keeps(Protocol):
    """What is counted for a tenant: see `kpis.catalog.kept`."""

    def __hash__(self) -> int:
        """One instance is shared by all tenants with the same choice."""

    @property
    def everything(self) -> bool:
        """Whether everything is counted."""

    def levels(self, name: str, segmented: bool) -> str:
        """Levels of panes at which a measure is kept, as in `levels`."""

    def wants(self, base: str) -> bool:
        """Whether a measure, or a table read beside the cells, is kept at all."""

    def wants_window(self, base: str, suffix: str) -> bool:
        """Whether a measure is kept in a kind of window."""


@lru_cache(maxsize=65_536)
def is_counter(name: str) -> bool:
    """Whether a measure counts records as they came, and so is no function of the facts."""
    found = find(name)
    return found is not None and found.counter


@lru_cache(maxsize=65_536)
def base_of(name: str) -> str:
    """A measure's name without its window, value or currency: what a formula reads."""
    for sign in "@:=":
        name = name.partition(sign)[0]
    return name.removesuffix("#")


@lru_cache(maxsize=65_536)
def input_of(name: str, window: str, bucket: str | None) -> str:
    """The input to declare for a measure read in a window: its base, unless it belongs to another kind of window.

    Raises `UndeclaredMeasure`.
    """
    declared(name)
    suffix = name.partition("@")[2]
    return name if suffix and suffix not in (window, bucket) else base_of(name)


def rows_of(name: str) -> str:
    """Whose segments a measure falls in: those of deals, of touches, of channels, of stages, or of subjects."""
    found = find(name)
    return "subject" if found is None else found.grain
