"""Rules of the board that is scrolled, filtered and opened."""

from typing import Any

import pytest
from rich.console import Console

from cli.board import Board
from cli.browse import Browser
from cli.keyboard import CLOSED, split
from kpis.catalog import CATALOG
from tests.unit.cli.test_board import NOW, doc


def browser(**tenants: list[dict[str, Any]]) -> Browser:
    """Over tenants with these documents."""
    board = Board(tenants=sorted(tenants))
    for tenant, docs in tenants.items():
        board.put(tenant, docs)
    return Browser(board)


def painted(found: Browser, width: int = 80, height: int = 12) -> list[str]:
    """The lines it shows, of which none is wider than the terminal."""
    console = Console(width=width, no_color=True, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(found.render(NOW, width, height))
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert len(lines) <= height
    return lines


def press(found: Browser, *keys: str) -> None:
    """One after the other."""
    for key in keys:
        found.press(key)


EVERY = [doc(kpi.id) for kpi in CATALOG]


def test_it_scrolls_to_the_end_and_back() -> None:
    """The headlines come first; the cursor stays on the screen."""
    found = browser(acme=EVERY)
    first = painted(found)
    assert first[2].startswith("visitors ")
    assert first[-1].startswith(f"1-9 of {len(EVERY)} ")
    press(found, "end")
    assert painted(found)[-1].startswith(f"{len(EVERY) - 8}-{len(EVERY)} of {len(EVERY)} ")
    press(found, "pageup", "up", "up")
    assert painted(found)[-1].startswith(f"{len(EVERY) - 11}-")
    press(found, "home", "up")
    assert painted(found) == first


def test_it_filters_by_what_is_typed() -> None:
    """By id and by title, in any case; q is a letter then."""
    found = browser(acme=[doc("win_rate"), doc("quick_ratio"), doc("leads")])
    press(found, "/", *"QU")
    assert [line.split()[0] for line in painted(found)[2:-1]] == ["quick_ratio"]
    press(found, "backspace", "backspace", *"win r")
    assert [line.split()[0] for line in painted(found)[2:-1]] == ["win_rate"]
    press(found, *"q")
    assert "nothing found" in painted(found)[-1]
    assert not found.done
    press(found, "escape", "q")
    assert found.done


def test_a_kpi_is_opened_for_its_segments_and_a_segment_for_what_it_is_made_of() -> None:
    """And back again, to the row that was left."""
    found = browser(acme=[doc("leads"), doc("win_rate", unpriced=3, status="partial", parts={"guests": 1.23456})])
    assert found.asked is None
    painted(found)
    press(found, "down", "enter")
    assert found.asked == ("acme", "win_rate", "30d")
    found.segments["acme", "win_rate", "30d"] = [
        doc(segment={"owner": name}, n=n) for name, n in (("bob", 3), ("ann", 9))
    ]
    assert [line.split()[0] for line in painted(found)[2:-1]] == ["total", "owner=ann", "owner=bob"]
    assert "partial, 3 unpriced" in painted(found)[2]
    press(found, "enter")
    text = " ".join(painted(found, height=30))
    assert all(part in text for part in ("acme > win_rate > total", "guests", "1.23 ", "amounts without a price"))
    press(found, "escape", "end", "enter")
    assert "acme > win_rate > owner=bob" in painted(found)[0]
    press(found, "escape", "escape", "enter")
    assert found.asked == ("acme", "win_rate", "30d")


def test_tenants_and_windows_go_round() -> None:
    """What another window has is not known before it is read."""
    found = browser(acme=[doc("leads")], other=[doc("orders")])
    painted(found)
    press(found, "left")
    assert painted(found)[0].startswith("other  30d")
    press(found, "]")
    assert found.board.window == "90d"
    assert "nothing here" in painted(found)[-1]


@pytest.mark.parametrize("height", [3, 5, 24])
@pytest.mark.parametrize("width", [1, 10, 59, 80, 400])
def test_names_of_any_kind_fit_any_terminal(width: int, height: int) -> None:
    """Control characters are written out, and nothing takes more than its line."""
    name = "\x1b[2J\u202e\n" + "x" * 10_000
    found = browser(**{name: [doc("leads"), doc(name)]})
    for keys in ((), ("end",), ("enter",), ("enter",), ("down",)):
        press(found, *keys)
        found.segments = {found.asked: [doc(segment={name: name})]} if found.asked else {}
        lines = painted(found, width, height)
        assert all(line.isprintable() for line in lines)


def test_no_numbers_yet_is_said() -> None:
    """With the next step."""
    found = Browser(Board(empty=True))
    press(found, "down", "enter", "left", "/", "x", "enter")
    assert "crmkpi send" in painted(found)[0]


def test_keys_that_come_at_once_are_several() -> None:
    """Typed fast, or pasted; a key without a name here is none."""
    assert split("wi\x1b[Aé\x1b[5~\x1bOH\r\x7f\x1b[24~\x1b") == [
        "w", "i", "up", "é", "pageup", "home", "enter", "backspace", "escape",
    ]  # fmt: skip


def test_a_terminal_that_is_gone_ends_it() -> None:
    """Whatever was being typed."""
    found = browser(acme=[doc()])
    press(found, "/", CLOSED)
    assert found.done
