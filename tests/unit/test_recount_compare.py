"""What goes into a recount and how its result is compared."""

from typing import Any

from models.record import Block
from models.settings import TenantSettings
from recount import compare, from_blocks, recount
from tests.feed import Feed, ms

JUNE, JULY = ms("2026-06-01"), ms("2026-07-01")


def test_redelivered_origins_are_silent() -> None:
    """A block that comes again, cut differently, adds nothing."""
    rows: list[list[Any]] = [list(Feed().add("page.viewed", JUNE, key=str(n), url="/")) for n in range(4)]
    for offset, row in enumerate(rows):
        row[0] = offset
    blocks: list[Block] = [
        {"topic": "a", "partition": 0, "rows": rows[first:last], "refused": refused}
        for first, last, refused in ((0, 2, []), (1, 3, []), (3, 4, [[4, JUNE, "t", "depth"]]))
    ]

    assert [item.offset for item in from_blocks(blocks)] == [0, 1, 2, 3, 4]


def test_compare_says_what_differs() -> None:
    """A changed value, a missing and an extra document each make one line."""
    feed = Feed()
    feed.add("page.viewed", JUNE, url="/", anonymous_id="a")
    expected = recount(feed.items, TenantSettings(), JULY, windows=["month", "year"], kpis=["visitors", "leads"])
    documents = [dict(document) for document in expected.values()]
    assert compare(expected, documents) == []

    documents[0]["n"] += 1
    documents[1]["kpi"] = "other"

    assert len(compare(expected, documents)) == 3
