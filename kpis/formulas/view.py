"""What a formula reads: the cells of one tenant, in one window, for one segment (or several together)."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Final, NamedTuple

from kpis.calendar.window_names import MINUTE_WINDOWS
from kpis.calendar.windows import Window
from kpis.calendar.zone import Zone
from kpis.cells.cells import Cells
from kpis.cells.measures import LATE, base_of, declared_base, input_of
from kpis.cells.segments import EVERYTHING
from kpis.facts.money import Rates
from kpis.facts.priced import Priced
from kpis.facts.stages import StayAges
from kpis.facts.targets import Target, Targets
from kpis.tenant.page_views import NO_VISITORS, PageCount, PageViews
from kpis.tenant.spend_table import SPENDERS, SpendTable
from models.money import digits, iso
from models.tenants import TenantSettings


@cache
def bases(names: frozenset[str]) -> frozenset[str]:
    """The bases of measure names."""
    return frozenset(map(base_of, names))


@dataclass(frozen=True, slots=True)
class Inputs:
    """The measures that a KPI may read: bases, and whole names where a formula spells out the kind of window."""

    kpi: str
    names: frozenset[str]

    @property
    def bases(self) -> frozenset[str]:
        """Their bases."""
        return bases(self.names)

    def check(self, measure: str, window: str, bucket: str | None) -> None:
        """Raise LookupError for a measure read in a window that is not among them."""
        if measure not in self.names and (name := input_of(measure, window, bucket)) not in BESIDE:
            self._check(name)

    def check_base(self, base: str) -> None:
        """The same for a measure read by its base."""
        self._check(declared_base(base))

    def _check(self, name: str) -> None:
        if name not in self.names:
            raise LookupError(f"{self.kpi} reads {name}: name it in kpis/catalog/inputs.py")


class Money(NamedTuple):
    """A sum in the reporting currency, exact; how many facts are in it, and how many have no price or no rate."""

    amount: Fraction
    priced: int
    unpriced: int

    def plus(self, other: "Money") -> "Money":
        """The sum of both."""
        return Money(self.amount + other.amount, self.priced + other.priced, self.unpriced + other.unpriced)


BESIDE: Final = frozenset({*LATE.values(), "bot"})  # read beside formulas, for `late_revised` and `excluded`
Sums = defaultdict[int, dict[str, int]]  # minute -> measure -> sum of its changes before


@dataclass(frozen=True)
class Tables:
    """What formulas read of one tenant. ``sums``: cache by segments, as formulas share many reads."""

    cells: Cells
    rates: Rates
    settings: TenantSettings
    spenders: SpendTable | None = None
    ages: StayAges | None = None
    pages: PageViews | None = None
    first: int | None = None  # the tenant's first event, ms
    priced: Priced | None = None
    targets: Targets | None = None
    sums: defaultdict[tuple[str, ...], Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))


class View:
    """Read access to a tenant's measures. ``reads``: the measures that may be read, where that is checked."""

    def __init__(self, tables: Tables, window: Window, segments: tuple[str, ...], reads: Inputs | None = None) -> None:
        self.tables = tables
        self.window = window
        self.segments = segments
        self._reads = reads
        self._cells = tables.cells
        self._sums = tables.sums[segments]

    @property
    def settings(self) -> TenantSettings:
        """The tenant's settings."""
        return self.tables.settings

    @property
    def currency(self) -> str:
        """The reporting currency."""
        return self.tables.settings.currency

    @property
    def zone(self) -> Zone:
        """The tenant's zone."""
        return self._cells.zone

    @property
    def first(self) -> int | None:
        """The tenant's first event, ms."""
        return self.tables.first

    def target(self, kpi: str, segment: Mapping[str, str]) -> Target | None:
        """The target of a KPI in this window."""
        return self.tables.targets.of(kpi, self.window.name, segment) if self.tables.targets else None

    def before(self, measure: str, minute: int) -> int:
        """Sum of a measure's changes before a minute."""
        self._note_read(measure)
        return self._before(measure, minute)

    def _note_read(self, measure: str) -> None:
        if self._reads is not None:
            self._reads.check(measure, self.window.name, self.window.bucket)

    def _before(self, measure: str, minute: int) -> int:
        sums = self._sums[minute]
        found = sums.get(measure)
        if found is None:
            before = self._cells.before
            found = sums[measure] = sum([before(measure, segment, minute) for segment in self.segments])
        return found

    def note(self, base: str) -> None:
        """Record that a measure is read, by its base."""
        if self._reads is not None:
            self._reads.check_base(base)

    def suffixes(self, base: str) -> list[str]:
        """What follows ``base`` and a colon in the names of measures in use."""
        self.note(base)
        return self._cells.suffixes(f"{base}:", self.segments)

    def seen_in(self, window: Window) -> "View":
        """The same view in another window."""
        found = copy(self)
        found.window = window
        return found

    def whole(self) -> "View":
        """The same view without segments."""
        return View(self.tables, self.window, (EVERYTHING,), self._reads)

    def by_day(self, measure: str) -> Iterator[tuple[int, int]]:
        """(local day, what happened on it in the window); days too old to be kept are summed under CARRY."""
        self.note(base_of(measure))
        at, fine = self.window, self.window.name in MINUTE_WINDOWS
        for segment in self.segments:
            yield from self._cells.by_day(measure, segment, at.start, at.end, fine)

    @property
    def oldest_day(self) -> int:
        """The oldest local day that is kept by itself."""
        return self._cells.floors["d"]

    def flow(self, measure: str) -> int:
        """What happened in the window."""
        self._note_read(measure)
        start, total = self.window.start, self._before(measure, self.window.end)
        return total if start is None else total - self._before(measure, start)

    def level(self, measure: str) -> int:
        """The count at the window's end."""
        return self.before(measure, self.window.end)

    def stage_ages(self) -> Counter[int]:
        """How long deals have been in their current stage at the window's end, in buckets of 1 %."""
        self.note("stay_open")
        return self.tables.ages.buckets(self.segments, self.window.end_ms) if self.tables.ages else Counter()

    def page_count(self) -> PageCount:
        """The window's visitors of the segments' pages; a visitor of two pages counts for each."""
        counts = self.page_counts()
        found = [counts.get(segment.partition("=")[2], NO_VISITORS) for segment in self.segments]
        return found[0] if len(found) == 1 else PageCount(*map(sum, zip(*found, strict=True)))

    def page_counts(self) -> dict[str, PageCount]:
        """The window's visitors by path; pages without any are left out."""
        assert self.tables.pages is not None, "a view without pages"
        return self.tables.pages.counts(self.window)

    def level_at_start(self, measure: str) -> int:
        """The count just before the window began."""
        return 0 if self.window.start is None else self.before(measure, self.window.start)

    def marked(self, base: str) -> int:
        """A measure kept separately for every kind of window: distinct, latest or lost."""
        bucket = self.window.bucket
        if bucket:
            return self.flow(f"{base}@{bucket}")
        return self.level(f"{base}@{self.window.name}")

    def values(self, base: str) -> Counter[int]:
        """How often each value occurred in the window."""
        found: Counter[int] = Counter()
        self.note(base)
        for suffix in self._cells.suffixes(f"{base}=", self.segments):
            count = self.flow(f"{base}={suffix}")
            if count:
                found[int(suffix)] += count
        return found

    def without_rate(self, base: str) -> int:
        """Facts with money received in the window that have no rate; earlier releases kept measures of it."""
        self.note(base)
        total = self._unrated()
        for suffix in self._cells.suffixes(f"{base}:", self.segments):
            currency, _, day = suffix.partition(":")
            if self.tables.rates.rate(currency, self.currency, int(day)) is None:
                total += self.flow(f"{base}:{suffix}")
        return total

    def _unrated(self) -> int:
        if self.tables.priced is None:
            return 0
        before, start = self.tables.priced.without_rate(self.tables.rates, self.currency, self.zone), self.window.start
        return before(self.window.end) - (0 if start is None else before(start))

    @property
    def spenders(self) -> SpendTable:
        """Every customer with what they spent."""
        assert self.tables.spenders is not None, "a view without customers"
        self.note(SPENDERS)
        return self.tables.spenders

    def money(self, base: str) -> Money:
        """Money of what happened in the window, each amount at its own day's rate."""
        self.note(base)
        total = Money(Fraction(0), 0, 0)
        for currency in self._cells.suffixes(f"{base}#:", self.segments):
            if currency == self.currency:
                found = Money(
                    self._major(self.flow(f"{base}:{currency}"), currency), self.flow(f"{base}#:{currency}"), 0
                )
            elif not currency:
                found = Money(Fraction(0), 0, self.flow(f"{base}#:"))
            else:
                found = self._converted(base, currency)
            total = total.plus(found)
        return total

    def _major(self, minor: int | Fraction, currency: str) -> Fraction:
        return Fraction(minor) / int(10 ** digits(currency))

    def _converted(self, base: str, currency: str) -> Money:
        """Money in a foreign currency: by pane, since each day has its own rate."""
        amount, priced, unpriced = Fraction(0), 0, 0
        for day, count, minor in self._days(base, currency):
            rate = self.tables.rates.rate(currency, self.currency, day)
            if rate is None:
                unpriced += count
            else:
                priced += count
                amount += minor * rate
        return Money(self._major(amount, currency), priced, unpriced)

    def _days(self, base: str, currency: str) -> Iterable[tuple[int, int, int]]:
        """(local day, facts, minor units) of the window."""
        sums: dict[int, list[int]] = {}
        for segment in self.segments:
            for place, measure in enumerate((f"{base}#:{currency}", f"{base}:{currency}")):
                fine = self.window.name in MINUTE_WINDOWS
                for day, total in self._cells.by_day(measure, segment, self.window.start, self.window.end, fine):
                    sums.setdefault(day, [0, 0])[place] += total
        return [(day, count, minor) for day, (count, minor) in sums.items()]

    def money_level(self, base: str) -> Money:
        """Money at the window's end; each amount keeps the rate of the day in its name."""
        return self._dated(base, self.level)

    def money_at_start(self, base: str) -> Money:
        """Money just before the window began; each amount keeps the rate of the day in its name."""
        return self._dated(base, self.level_at_start)

    def money_dated(self, base: str) -> Money:
        """Money of what happened in the window; each amount keeps the rate of the day in its name."""
        return self._dated(base, self.flow)

    def _dated(self, base: str, read: Callable[[str], int]) -> Money:
        self.note(base)
        amount, priced, unpriced = Fraction(0), 0, 0
        for suffix in self._cells.suffixes(f"{base}#:", self.segments):
            count, (currency, _, day) = read(f"{base}#:{suffix}"), suffix.partition(":")
            same = iso(currency) == self.currency
            rate = Fraction(1) if same else self.tables.rates.rate(currency, self.currency, int(day)) if day else None
            if rate is None:
                unpriced += count
            else:
                priced += count
                amount += self._major(read(f"{base}:{suffix}") * rate, currency)
        return Money(amount, priced, unpriced)

    def rated(self, base: str) -> Fraction:
        """Money of what happened in the window, each amount at the rate of the day in its name."""
        total = Fraction(0)
        for suffix in self.suffixes(base):
            currency, _, day = suffix.partition(":")
            rate = self.tables.rates.rate(currency, self.currency, int(day or 0))
            total += self._major(self.flow(f"{base}:{suffix}") * (rate or 0), currency)
        return total
