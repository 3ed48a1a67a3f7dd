"""Every customer's spending, for medians and ranks, which sums cannot give.

A table in memory, derived from the facts: one row a customer, recomputed when its facts change. Tables of disjoint
subjects combine: a median or rank over several tables is that over all their rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.windows import Window
from kpis.facts.spending import Purchase
from kpis.tenant.customer_index import CustomerIndex
from kpis.tenant.facts import TenantFacts
from kpis.tenant.purchases import customer_orders, customer_revenue
from models.money import digits

Ints = NDArray[np.int64]
SPENDERS: Final = "spenders"  # pseudo-measure of formulas that read the table
NEVER: Final = 1 << 60  # a minute after every other
MOST: Final = 1 << 62  # larger sums of money are capped to this, to fit the table
LAST, COUNT, MONEY, UNPRICED = range(4)
ENDS_KEPT: Final = 12


class Cell(NamedTuple):
    """An RFM cell (recency, frequency, money): its customers, and the number of their orders without a price."""

    name: str
    customers: int
    unpriced: int


class Sums:
    """Purchases by row: last local day, count, money (minor units of the reporting currency), count without a price."""

    def __init__(self) -> None:
        self.table: Ints = np.zeros((0, 4), dtype=np.int64)
        self.stale: set[int] = set()
        self.cells: list[Cell] | None = None

    def grow(self, rows: int) -> None:
        """Make room for this many rows."""
        missing = rows - len(self.table)
        if missing > 0:
            more = np.zeros((max(missing, len(self.table)), 4), dtype=np.int64)
            self.table = np.concatenate([self.table, more])


class SpendTable:
    """The spending of one tenant's customers."""

    def __init__(self, tenant: TenantFacts, customers: CustomerIndex) -> None:
        self._tenant = tenant
        self._customers = customers
        self._rows: dict[str, int] = {}
        self._names: list[str] = []  # by row; rows are never reused
        self._since: list[int] = []  # by row: minute; NEVER: not a customer
        self._codes: list[int] = []  # by row: code of its segments
        self._worth = Sums()
        self._ends: dict[int, Sums] = {}
        self._foreign: set[int] = set()  # rows with foreign currencies, whose money depends on rates
        self._newest = -NEVER  # minute of the latest order or new customer
        self._columns: tuple[Ints, Ints, Ints] | None = None
        # Minutes at which customers with changed rows became customers; cleared by the reader.
        self.changed: set[int] = set()

    def refresh(self, roots: Iterable[str]) -> None:
        """Recompute the rows of these subjects."""
        for root in roots:
            customer = self._customers.now(root).customer
            since = customer.since
            if since is None and root not in self._rows:
                continue  # most subjects are not customers
            row = self._row(root)
            self.changed.add(self._since[row])
            self._since[row] = NEVER if since is None else since // 60_000
            self.changed.add(self._since[row])
            self._codes[row] = self._tenant.people.segments(root)
            times = (*customer.orders[-1:], *(() if since is None else (since,)))
            self._newest = max([self._newest, *(time // 60_000 for time in times)])
            self._change(row)
            self._columns = None
            self._tenant.cells.touch(SPENDERS)

    def move(self, root: str, new: str | None) -> None:
        """Rename a row's subject (None: remove it). The row counts again only after `refresh`.

        If several ids of a subject are renamed, a different id may become the first, and so the subject's id.
        """
        row = self._rows.pop(root, None)
        if row is None:
            return
        self._names[row] = f"\0{row}" if new is None else new
        self.changed.add(self._since[row])
        self._since[row] = NEVER
        self._change(row)
        self._columns = None
        self._tenant.cells.touch(SPENDERS)
        if new is not None:
            self._rows[new] = row

    def reprice(self) -> None:
        """Mark rows with foreign currencies as changed, after a change of rates."""
        for row in self._foreign:
            self._change(row)

    def _row(self, root: str) -> int:
        row = self._rows.get(root)
        if row is None:
            row = self._rows[root] = len(self._names)
            self._names.append(root)
            self._since.append(NEVER)
            self._codes.append(0)
        return row

    def _is_subject(self, root: str) -> bool:
        return self._tenant.people.subject(root) == root

    def _change(self, row: int) -> None:
        for sums in (self._worth, *self._ends.values()):
            sums.stale.add(row)
            sums.cells = None

    # --- queries

    @property
    def newest(self) -> int:
        """The minute of the latest order or new customer."""
        return self._newest

    def next_since(self, minute: int) -> int:
        """The first minute from this one on with a new customer; NEVER: none."""
        since = self._arrays()[0]
        return int(since[since >= minute].min(initial=NEVER))

    def segments(self) -> set[str]:
        """Segments that customers are in."""
        return {one for code in self._arrays()[2].tolist() for one in self._tenant.sets.sets[code][1:]}

    def worths(self, window: Window, segments: Sequence[str]) -> tuple[list[int], int]:
        """Revenue to date (minor units, sorted) of a window's new customers; how many facts have no price."""
        table = self._settled(self._worth, NEVER)
        found = table[self._chosen(window, segments)]
        return np.sort(found[:, MONEY]).tolist(), int(found[:, UNPRICED].sum())

    def customers(self, window: Window, segments: Sequence[str]) -> Iterator[tuple[str, int, int]]:
        """The same customers: (subject, minute it became a customer, number of its facts without a price)."""
        table = self._settled(self._worth, NEVER)
        for row in self._chosen(window, segments).tolist():
            yield self._names[row], self._since[row], int(table[row, UNPRICED])

    def _chosen(self, window: Window, segments: Sequence[str]) -> Ints:
        """Rows of customers who joined in a window, in any of some segments."""
        since, codes, used = self._arrays()
        chosen = (since < window.end) & (since >= (-NEVER if window.start is None else window.start))
        if "" not in segments:
            chosen &= np.isin(codes, self._codes_of(used, segments))
        return np.flatnonzero(chosen)

    def ranked(self, end: int) -> list[Cell]:
        """RFM cells of buyers before a minute: recency, frequency and money, each ranked from 1 to 5."""
        sums, end = self._sums_before(end)
        if sums.stale or sums.cells is None:
            table = self._settled(sums, end)
            sums.cells = _cells(table[table[:, COUNT] > 0])
        return sums.cells

    def members(self, end: int, name: str) -> Iterator[tuple[str, int]]:
        """The customers of one RFM cell: (subject, number of its orders without a price)."""
        sums, end = self._sums_before(end)
        table = self._settled(sums, end)
        rows = np.flatnonzero(table[:, COUNT] > 0)
        for row, place in zip(rows.tolist(), _places(table[rows]).tolist(), strict=True):
            if "-".join(str(place)) == name:
                yield self._names[row], int(table[row, UNPRICED])

    def _sums_before(self, end: int) -> tuple[Sums, int]:
        """Sums of purchases before a minute, and the minute under which they are cached."""
        end = NEVER if end > self._newest else end
        sums = self._ends.pop(end, None)
        if sums is None:
            sums = Sums()
            sums.stale.update(self._rows.values())
        self._ends[end] = sums
        while len(self._ends) > ENDS_KEPT:
            del self._ends[next(iter(self._ends))]
        return sums, end

    def _settled(self, sums: Sums, end: int) -> Ints:
        sums.grow(len(self._names))
        for row in sums.stale:
            sums.table[row] = self._sums_of(row, end, worth=sums is self._worth)
        sums.stale.clear()
        return sums.table

    def _sums_of(self, row: int, end: int, *, worth: bool) -> tuple[int, int, int, int]:
        tenant, root = self._tenant, self._names[row]
        if not self._is_subject(root):
            return 0, 0, 0, 0
        bought = customer_revenue(tenant, root) if worth else customer_orders(tenant, root)
        if bought and bought[-1].time // 60_000 >= end:
            bought = [one for one in bought if one.time // 60_000 < end]
        money, unpriced = self._money(row, bought)
        last = tenant.zone.day(bought[-1].time // 60_000) if bought else 0
        return last, len(bought), min(money, MOST), unpriced

    def _money(self, row: int, bought: list[Purchase]) -> tuple[int, int]:
        """The sum, rounded half to even once, and the number without a price."""
        tenant, into = self._tenant, self._tenant.settings.currency
        total: int | Fraction = 0
        unpriced = 0
        for time, _, amount, currency in bought:
            if amount is None or currency is None:
                unpriced += 1
            elif currency == into:
                total += amount
            else:
                self._foreign.add(row)
                rate = tenant.rates.rate(currency, into, tenant.zone.day(time // 60_000))
                unpriced += rate is None
                total += amount * (rate or 0) * Fraction(10) ** (digits(into) - digits(currency))
        return round(total), unpriced

    def _arrays(self) -> tuple[Ints, Ints, Ints]:
        """By row: since when (minutes), and codes of segments; then the distinct codes."""
        if self._columns is None:
            codes = np.array(self._codes, dtype=np.int64)
            self._columns = np.array(self._since, dtype=np.int64), codes, np.unique(codes)
        return self._columns

    def _codes_of(self, used: Ints, segments: Sequence[str]) -> list[int]:
        wanted, sets = frozenset(segments), self._tenant.sets.sets
        return [code for code in used.tolist() if not wanted.isdisjoint(sets[code])]


def _cells(table: Ints) -> list[Cell]:
    """RFM cells of rows that bought; equal values share the lower rank."""
    if not len(table):
        return []
    place = _places(table)
    customers = np.bincount(place).tolist()
    unpriced = np.bincount(place, weights=table[:, UNPRICED]).astype(np.int64).tolist()
    used = (number for number, count in enumerate(customers) if count)
    return [Cell("-".join(str(number)), customers[number], unpriced[number]) for number in used]


def _places(table: Ints) -> Ints:
    """The RFM cell of each row that bought, as three digits."""
    place = np.zeros(len(table), dtype=np.int64)
    for column in (LAST, COUNT, MONEY):
        values = table[:, column]
        place = 10 * place + 1 + 5 * np.searchsorted(np.sort(values), values, "left") // max(1, len(values))
    return place
