"""Dates without a time, as they are kept and read."""

import pytest

from kpis.calendar.zone import Zone
from kpis.facts.local_days import LocalDay, placed, plain, read
from models.record import Row
from recount.facts import placed as recounted
from tests.feed import Feed, ms

HELSINKI = Zone("Europe/Helsinki")
MIDNIGHT = ms("2026-06-01T00:00:00+03:00")


def created(closed_at: object) -> Row:
    """A deal with a date of its close."""
    feed = Feed()
    feed.add("deal.created", "2026-05-01T10:00:00Z", deal_id="d", closed_at=closed_at)
    row = feed.items[0]
    assert isinstance(row, Row)
    return row


def test_a_date_is_the_local_midnight_and_is_stored_as_a_date() -> None:
    """Read back in another zone it is that zone's midnight."""
    data = placed(created("2026-06-01"), HELSINKI).data
    assert data["closed_at"] == MIDNIGHT
    stored = plain(data)
    assert stored["closed_at"] == "2026-06-01"
    assert read("deal", [0, "created", "s", "e", stored], Zone("UTC"))[4]["closed_at"] == ms("2026-06-01T00:00:00Z")


def test_an_instant_stays_what_it_is() -> None:
    """And is no date."""
    at = placed(created(MIDNIGHT), HELSINKI).data["closed_at"]
    assert (at, type(at)) == (MIDNIGHT, int)
    assert not isinstance(at, LocalDay)


@pytest.mark.parametrize("text", ["soon", "after that", "20260601", "2026-02-31"])
def test_text_that_earlier_releases_kept_is_left_out(text: str) -> None:
    """From the journal, from the state, and from a recount."""
    assert "closed_at" not in placed(created(text), HELSINKI).data
    assert read("deal", [0, "created", "s", "e", {"closed_at": text, "stage": "new"}], HELSINKI)[4] == {"stage": "new"}
    (row,) = recounted([created(text)], "Europe/Helsinki")
    assert isinstance(row, Row)
    assert "closed_at" not in row.data
