"""Dates and times as files write them."""

from zoneinfo import ZoneInfo

import pytest

from cli.dates import local_time
from cli.faults import RowError

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "formats", "time"),
    [
        ("2026-06-01", (), "2026-06-01T00:00:00+02:00"),
        ("2026-06-01 14:30", (), "2026-06-01T14:30:00+02:00"),
        ("20260601", (), "2026-06-01T00:00:00+02:00"),
        ("2026-06-01 14:30:00 UTC", (), "2026-06-01T14:30:00+00:00"),
        ("6/1/2026", ("%m/%d/%Y",), "2026-06-01T00:00:00+02:00"),
        ("6/1/2026, 2:30 PM", ("%m/%d/%Y",), "2026-06-01T14:30:00+02:00"),
        ("6/1/2026 12:05 am", ("%m/%d/%Y",), "2026-06-01T00:05:00+02:00"),
        ("01.06.2026 14:30:15", ("%d.%m.%Y",), "2026-06-01T14:30:15+02:00"),
        ("01.06.2026", ("%d.%m.%Y %H:%M",), "2026-06-01T00:00:00+02:00"),
        ("1 Jun 2026", ("%d.%m.%Y", "%d %b %Y"), "2026-06-01T00:00:00+02:00"),
        ("2026-06-01", ("%d.%m.%Y",), "2026-06-01T00:00:00+02:00"),
        ("46174", ("excel",), "2026-06-01T00:00:00+02:00"),
        ("46174.5", ("excel",), "2026-06-01T12:00:00+02:00"),
        ("1780264800", ("unix",), "2026-06-01T00:00:00+02:00"),
        ("1780264800000", ("unix_ms",), "2026-06-01T00:00:00+02:00"),
        ("01/01/2026", ("%d/%m/%Y", "%m/%d/%Y"), "2026-01-01T00:00:00+01:00"),
    ],
)
def test_a_declared_form_reads_dates_with_and_without_a_time_of_day(
    text: str, formats: tuple[str, ...], time: str
) -> None:
    """One export has columns of both kinds."""
    assert local_time(text, BERLIN, formats) == time


@pytest.mark.parametrize(
    ("text", "formats", "message"),
    [
        ("46174", (), "day number of a spreadsheet"),
        ("1780264800", (), "unix"),
        ("6/1/2026", (), "date_formats"),
        ("0000-00-00", (), "is not a date"),
        ("2026-02-30", (), "is not a date"),
        ("2026", (), "is not a date"),
        ("5/6/2026", ("%d/%m/%Y", "%m/%d/%Y"), "differently"),
        ("13/13/2026", ("%d/%m/%Y",), "of the form %d/%m/%Y"),
        ("6/1/2026 25:00", ("%m/%d/%Y",), "is not a date"),
        ("6/1/2026 13:00 PM", ("%m/%d/%Y",), "is not a date"),
    ],
)
def test_what_is_no_date_or_may_be_two_is_refused(text: str, formats: tuple[str, ...], message: str) -> None:
    """With the word that mends it."""
    with pytest.raises(RowError, match=message):
        local_time(text, BERLIN, formats)


def test_local_times_of_the_days_on_which_clocks_change_stay_on_their_day() -> None:
    """One that does not exist, and one that is there twice."""
    assert local_time("2026-03-29 02:30", BERLIN).startswith("2026-03-29T02:30:00+0")
    assert local_time("2026-10-25 02:30", BERLIN).startswith("2026-10-25T02:30:00+0")
