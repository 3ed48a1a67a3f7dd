"""Rows of a real SQLite database, pulled through SQLAlchemy: ties, updates, late commits, kills."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from collectors.pulled.page import PullError
from tests.unit.cli.pulling import Kept, Killed, Place

MAPPING = """
tz = "UTC"
source = "/shop"
[[events]]
type = "deal.created"
time = "{made}"
data = { deal_id = "{id}", amount = "{amount}", currency = "EUR", contact_id = "{mail}" }
"""
QUERY = "SELECT * FROM deals WHERE updated_at > :cursor ORDER BY updated_at, id LIMIT :n"
DAY = "2026-11-01 10:00:0"


class Shop:
    """The database and the folder around it."""

    def __init__(self, folder: Path, **source: Any) -> None:
        self._file = folder / "shop.db"
        self.execute(
            "CREATE TABLE deals (id INTEGER PRIMARY KEY, amount NUMERIC, mail TEXT, made TEXT, updated_at TEXT)"
        )
        (folder / "m.toml").write_text(source.pop("text", MAPPING))
        (folder / "url").write_text(f"sqlite:///{self._file}\n")
        own = {"table": "deals", "key": ["id"]} if "query" not in source else {"start": "1970-01-01 00:00:00"}
        self.place = Place(
            folder, kind="database", url_file=str(folder / "url"), mapping="m.toml", cursor="updated_at", rows=3,
            **own, **source,
        )  # fmt: skip

    def execute(self, statement: str, *values: Any) -> None:
        """In a transaction of its own."""
        with sqlite3.connect(self._file) as file:
            file.execute(statement, values)
        file.close()

    def put(self, number: int, updated: str, amount: object = 10) -> None:
        """A deal, new or changed."""
        made = "2026-10-01 00:00:00"
        self.execute(
            "INSERT OR REPLACE INTO deals VALUES (?, ?, ?, ?, ?)", number, amount, f"a{number}@x.example", made, updated
        )


WAYS: list[dict[str, Any]] = [{}, {"query": QUERY}, {"query": QUERY.replace("> :cursor", ">= :cursor")}]


@pytest.mark.parametrize("way", WAYS)
async def test_equal_values_of_the_cursor_are_not_lost_between_pages(tmp_path: Path, way: dict[str, Any]) -> None:
    """Seven rows of one second and pages of three; what comes later with the same second comes, too."""
    shop, sent = Shop(tmp_path, **way), Kept()
    for number in range(1, 8):
        shop.put(number, f"{DAY}1")
    shop.put(8, f"{DAY}2")
    shop.put(9, f"{DAY}2")
    await shop.place.pull(sent)
    assert sorted(sent.once()) == [f"{n}/deal.created" for n in range(1, 10)]
    assert len(sent.events) == 9
    shop.put(10, f"{DAY}2")  # of the last second that was read
    shop.put(11, f"{DAY}0")  # committed late
    again = await shop.place.pull(sent)
    assert len(sent.once()) == len(sent.events) == 11
    assert again.sent == 2


@pytest.mark.parametrize("way", WAYS)
async def test_a_changed_row_is_a_correction(tmp_path: Path, way: dict[str, Any]) -> None:
    """With another id, once; the others are not sent again."""
    shop, sent = Shop(tmp_path, **way), Kept()
    for number in range(1, 5):
        shop.put(number, f"{DAY}{number}")
    await shop.place.pull(sent)
    shop.put(2, f"{DAY}9", "12.50")
    await shop.place.pull(sent)
    await shop.place.pull(sent)
    assert len(sent.events) == 5
    assert sent.events[-1]["data"]["amount"] == "12.5"
    assert sent.events[-1]["id"] == "2/~0002/deal.created"
    assert sent.once().keys() > {"2/deal.created"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("page", range(1, 6))
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_page_and_resumed_is_exact(
    tmp_path: Path, way: dict[str, Any], page: int, moment: str
) -> None:
    """Before Kafka had the page, and after it but before the cursor was stored; with changes in between."""
    shop = Shop(tmp_path, **way)
    for number in range(1, 12):
        shop.put(number, f"{DAY}{number // 3}")
    sent = Kept(**{moment: page})
    with pytest.raises(Killed):
        await _on_and_on(shop, sent)
    shop.put(1, f"{DAY}9", 77)
    await shop.place.pull(sent)
    await shop.place.pull(sent)
    with sqlite3.connect(tmp_path / "shop.db") as file:
        there = {f"{row[0]}" for row in file.execute("SELECT id FROM deals")}
    found = sent.once()
    assert {event["data"]["deal_id"] for event in found.values()} == there
    assert {found[name]["data"]["amount"] for name in found if name.startswith("1/~")} <= {"77"}
    assert max(event["data"]["amount"] for event in found.values() if event["data"]["deal_id"] == "1") == "77"


async def _on_and_on(shop: Shop, sent: Kept) -> None:
    while True:
        await shop.place.pull(sent)
        shop.put(20 + len(sent.events), f"{DAY}8")  # so that there is another page


async def test_rows_that_say_their_revision_need_no_ledger(tmp_path: Path) -> None:
    """What the overlap reads again is remembered, and not sent again."""
    shop, sent = Shop(tmp_path, text=f'revision = "{{updated_at}}"\n{MAPPING}'), Kept()
    for number in range(1, 6):
        shop.put(number, f"{DAY}1")
    await shop.place.pull(sent)
    shop.put(3, f"{DAY}2", 11)
    again = await shop.place.pull(sent)
    assert (again.sent, again.known) == (1, 4)
    assert len(sent.once()) == 6


async def test_personal_data_does_not_leave_in_clear(tmp_path: Path) -> None:
    """A customer who is an address in the table is a keyed hash."""
    shop, sent = Shop(tmp_path), Kept()
    shop.put(1, f"{DAY}1")
    await shop.place.pull(sent)
    assert sent.events[0]["data"]["contact_id"].startswith("e-")
    assert (sent.events[0]["source"], sent.events[0]["tenantid"]) == ("/shop", "acme")
    assert sent.events[0]["recordedtime"] == sent.events[0]["time"]


async def test_a_bad_row_is_named_and_loses_no_neighbour(tmp_path: Path) -> None:
    """And is not in the way of the cursor."""
    shop, sent = Shop(tmp_path), Kept()
    for number in range(1, 6):
        shop.put(number, f"{DAY}{number}", "ten" if number == 2 else 10)
    found = await shop.place.pull(sent)
    assert len(sent.once()) == 4
    assert list(found.refused.lines()) == ["shop, line 2: amount: 'ten' is not a number"]


@pytest.mark.parametrize(
    ("way", "text"),
    [
        (
            {"query": "SELECT * FROM deals WHERE updated_at > :cursor ORDER BY id DESC LIMIT :n"},
            "ordered by updated_at",
        ),
        ({"query": "SELECT id FROM deals WHERE updated_at > :cursor LIMIT :n"}, "no column updated_at"),
        ({"query": "SELEC :cursor, :n"}, "syntax error"),
    ],
)
async def test_a_wrong_query_is_said(tmp_path: Path, way: dict[str, Any], text: str) -> None:
    """In one line."""
    shop = Shop(tmp_path, **way)
    shop.put(1, f"{DAY}1")
    shop.put(2, f"{DAY}2")
    with pytest.raises(PullError, match=text):
        await shop.place.pull(Kept())
