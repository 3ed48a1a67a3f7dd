"""`crmkpi compute --series`: the numbers at the end of every day, week or month, in one pass over the files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from cli.count import Ends, Tally, batches
from cli.garbage import no_collector
from cli.periods import Period, Series
from cli.replay import Replay
from models.record import RawRecord, Row
from models.tenants import TenantBook

Document = dict[str, Any]


class Periods(Ends):
    """A series in each tenant's time zone; its last end is the overall end."""

    def __init__(self, series: Series, book: TenantBook) -> None:
        super().__init__(series.as_of, book)
        self._series = series
        self._periods: dict[str, list[Period]] = {}
        self.all_of(book.default.tz)  # report errors before reading anything

    def all_of(self, tz: str) -> list[Period]:
        """The periods in a zone. Raises CliError if there is none."""
        if tz not in self._periods:
            self._periods[tz] = self._series.periods(tz)
        return self._periods[tz]

    def of_tenant(self, tenant: str) -> list[Period]:
        """The periods of a tenant."""
        return self.all_of(self._book[tenant].tz)

    def of(self, tenant: str) -> int:
        """The exclusive end for one tenant, ms UTC."""
        return self.of_tenant(tenant)[-1].end


@dataclass(kw_only=True)
class Replayed(Tally):
    """The outcome of the lines, and each tenant's events by period."""

    periods: Periods
    book: TenantBook
    replays: dict[str, Replay] = field(default_factory=dict)

    def of(self, tenant: str) -> Replay:
        """A tenant's events."""
        if tenant not in self.replays:
            self.replays[tenant] = Replay(tenant, self.book, self.periods.of_tenant(tenant))
        return self.replays[tenant]

    def documents(self, tenants: Sequence[str]) -> Iterator[Document]:
        """Documents as of the end of each period, with its name. Conflicts are known afterwards."""
        rev = {"rev": f"0.{self.lines}"}
        for tenant in tenants:
            whose = {"tenant": tenant} if len(tenants) > 1 else {}
            for period, documents in self.of(tenant).documents():
                for document in documents:
                    yield {**whose, "period": period.name, **document, **rev}
            for conflict in self.replays.pop(tenant).conflicts.values():
                self.conflict(conflict)


def replay_files(files: Iterable[Path], book: TenantBook, series: Series) -> Replayed:
    """Validates all lines and sorts them by period. Raises CliError for an unreadable file."""
    periods = Periods(series, book)
    tally = Replayed(ends=periods, periods=periods, book=book)
    numbers = count()
    with no_collector():
        for file, path in enumerate(files):
            for batch in batches(path, file):
                _add(tally, batch, next(numbers), file)
    return tally


def _add(tally: Replayed, batch: list[RawRecord], number: int, file: int) -> None:
    kept, refusals = tally.take(batch)
    rows: dict[str, list[Row]] = {}
    for row in kept:
        rows.setdefault(row.tenant, []).append(row)
    for tenant in {*rows, *(refusal.tenant for refusal in refusals)}:
        own = [refusal for refusal in refusals if refusal.tenant == tenant]
        tally.of(tenant).add(number, batch[0].topic, file, rows.get(tenant, ()), own)
