"""The days, weeks or months of a series, in a tenant's time zone."""

from typing import Final, NamedTuple

from cli.exits import CliError
from cli.flags import one_of
from cli.moment import as_of_ms, start_ms
from kpis.calendar.buckets import STEPS, bucket_of, following, name_of, start_of
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import zone
from models.bounds import END_DATE, END_MS, FIRST_DATE, FIRST_MS

WINDOW_OF: Final = {"day": "today", "week": "week", "month": "month"}  # which at a period's end covers all of it


class Period(NamedTuple):
    """``name``: 2026-11-14 (a week: its Monday), 2026-11. ``end``: ms UTC, exclusive."""

    name: str
    end: int


class Series(NamedTuple):
    """What `compute --series UNIT --from SINCE --as-of AS_OF` asks for, as typed."""

    unit: str
    since: str
    as_of: str

    def periods(self, tz: str) -> list[Period]:
        """Periods complete at the as-of, from the one containing ``since``. Raises CliError if there are none."""
        one_of(self.unit, WINDOW_OF, "series")
        since, as_of = start_ms(self.since, tz, "--from"), as_of_ms(self.as_of, tz)
        if since < FIRST_MS:
            raise CliError(f"--from {self.since}: use a date from {FIRST_DATE} on")
        if as_of > END_MS:
            raise CliError(f"--as-of {self.as_of}: a series ends before {END_DATE}")
        found = _periods(self.unit, since, as_of, tz)
        if not found:
            raise CliError(
                f"--from {self.since}, --as-of {self.as_of}: no {self.unit} from the first on is over at the second"
                f" ({tz}): use an earlier --from or a later --as-of"
            )
        return found


def _periods(unit: str, since: int, as_of: int, tz: str) -> list[Period]:
    step = next(step for step in STEPS if step.name == unit)
    place, found = zone(tz), list[Period]()
    bucket = bucket_of(step, since // MINUTE_MS, place)
    while (end := start_of(step, following(step, bucket), place) * MINUTE_MS) <= as_of:
        found.append(Period(name_of(step, bucket), end))
        bucket = following(step, bucket)
    return found
