"""The names of measures, and which levels of panes each is kept at.

A measure is a number that adds up over disjoint subjects. Its name is text (``visitors@7d``, ``won``, ``net:EUR``); in
the hot path it is a small integer, given out as names are first used and never stored. Names that
modules spell are numbered once a process; those that say a day, a currency or a type, of which a tenant can make any
number, are numbered by each tenant and forgotten when they become many.
"""

from functools import lru_cache
from sys import intern
from typing import Final

from kpis.calendar.windows import DAY_WINDOWS, MINUTE_WINDOWS, SEGMENT_WINDOWS

ROLLING_LEVELS: Final = {
    **dict.fromkeys(MINUTE_WINDOWS, "mq"),  # short windows are not asked for beyond the quarter hours
    "24h": "mqd",
    **dict.fromkeys(DAY_WINDOWS, "qd"),
}
YOUNG: Final = "young"  # of a distinct measure: present within the tenant's conversion window, to the quarter hour
SEGMENT_ROLLING: Final = frozenset(DAY_WINDOWS.keys() & SEGMENT_WINDOWS)
SEGMENT_DAYS: Final = frozenset({"users@day"})  # of which longer windows are the sum
SEGMENT_BUCKETS: Final = frozenset({"month", "quarter", "year", "all"})


OWN: Final = 1 << 16  # the first code of a tenant's own names
MEASURE_BITS: Final = 24  # of a code in a row's key
MOST: Final = 1 << MEASURE_BITS
KEPT: Final = 1 << 15  # names that a tenant remembers from one batch to the next


class Names:
    """Measure names <-> codes, for the life of a process: names that modules spell."""

    turn = 0  # codes of another turn say other names

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
    """The measure names that one tenant uses: the process's, and its own, which have other codes once forgotten."""

    def code(self, name: str) -> int:
        """The code of a measure name. OverflowError when rows that wait hold more than their keys have room for."""
        found = self.codes.get(name)
        if found is None:
            name = intern(name)  # most are those of other tenants, too
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
        """Begin again, when nothing holds a code any more."""
        self.codes.clear()
        self.names.clear()
        self.turn += 1

    def __reduce__(self) -> tuple[type["OwnNames"], tuple[()]]:
        """A tenant at rest has no rows, and its names are not packed."""
        return OwnNames, ()


NAMES: Final = Names()
code = NAMES.code


def levels(name: str, segmented: bool) -> str:
    """Levels of panes at which a measure is kept; empty when a segment never reads it."""
    _, _, suffix = name.partition("@")
    if not segmented and name.startswith(PREFIXES["page"]):
        return ""
    if not suffix:
        # What falls in channels is read in short windows, too.
        return "qd" if segmented and rows_of(name) not in CHANNEL_ROWS else "mqd"
    if suffix in ROLLING_LEVELS:
        return "" if segmented and suffix not in SEGMENT_ROLLING else ROLLING_LEVELS[suffix]
    # Calendar buckets and `all` are read up to now, so that quarter hours are fine enough.
    return "" if segmented and suffix not in SEGMENT_BUCKETS and name not in SEGMENT_DAYS else "qd"


# Measures whose days are kept for ever: who was touched and did not buy yet is waiting since that very day.
LASTING: Final = frozenset({"touched.open"})
DEAL_MEASURES: Final = frozenset(
    {"won", "lost", "open", "stale", "open_undated", "won_value", "lost_value", "open_value", "open_undated_value"}
)
CHANNEL_ROWS: Final = frozenset({"acquisition", "marketing"})
# Under which measures late events count, by whose segments they fall in.
LATE: Final = {
    "deal": "late.d",
    "stage": "late.g",
    "acquisition": "late.a",
    "marketing": "late.m",
    "source": "late.o",
    "survey": "late.v",
    "page": "late.p",
    "touch": "late.t",
    "subject": "late.s",
    "none": "late",
}
# How the measures begin that fall in each kind of segments; all others fall in those of subjects.
PREFIXES: Final[dict[str, tuple[str, ...]]] = {
    "deal": ("cycle", "bad_cycle", "qualified", "touches_to_close", "to_close", LATE["deal"]),
    "stage": ("stay", LATE["stage"]),
    "acquisition": ("cost.acquisition", "acquired", LATE["acquisition"]),
    "marketing": ("cost.marketing", "credit.", LATE["marketing"]),
    "source": ("sourced", LATE["source"]),
    "survey": ("effort.", "csat.", LATE["survey"]),
    "page": (LATE["page"],),  # kept by page alone
    "touch": ("social", "mentions", "impressions", "mail.", "calls.", "clicks", LATE["touch"]),
}

COUNTERS: Final = frozenset({"received", "duplicates", "conflicts", "invalid", "late", "robots", "unpriced"})
COUNTER_PREFIXES: Final = ("bot:", "priced:")  # releases before counted money by local day, as ``priced:USD:20542``


@lru_cache(maxsize=65_536)
def is_counter(name: str) -> bool:
    """Whether a measure counts records as they came, and so is no function of the facts."""
    return name in COUNTERS or name.startswith(COUNTER_PREFIXES)


@lru_cache(maxsize=65_536)
def base_of(name: str) -> str:
    """A measure's name without its window, value or currency: what a formula asks for."""
    for sign in "@:=":
        name = name.partition(sign)[0]
    return name.removesuffix("#")


@lru_cache(maxsize=65_536)
def noted(name: str, window: str, bucket: str | None) -> str:
    """What is noted of a measure that is read in a window: its base, unless it is one of another kind of window."""
    suffix = name.partition("@")[2]
    return name if suffix and suffix not in (window, bucket) else base_of(name)


def rows_of(name: str) -> str:
    """Whose segments a measure falls in: those of deals, of touches, of channels, of stages, or of subjects."""
    base = base_of(name)
    if base in DEAL_MEASURES:
        return "deal"
    return next((kind for kind, prefixes in PREFIXES.items() if base.startswith(prefixes)), "subject")
