"""Rules of the live board and of how numbers are shown."""

from typing import Any

import pytest
from rich.console import Console

from cli.board import STALE_MS, Board, render, short_line
from cli.latency import Latencies
from cli.show import change, number, value_of
from sinks.base import Status

NOW = 1_793_404_800_000  # 2026-10-31T00:00:00Z


def doc(kpi: str = "win_rate", **more: Any) -> dict[str, Any]:
    """A document of the contract, as far as the board reads it."""
    found = {"kpi": kpi, "window": "30d", "segment": {}, "value": 0.4, "unit": "ratio", "numerator": 12}
    found |= {"denominator": 30, "n": 30, "status": "ok", "state": "live", "as_of": "2026-10-31T00:00:00.000Z"}
    return found | more


def painted(board: Board, clock_ms: int = NOW, width: int = 100) -> str:
    """The board as text."""
    console = Console(width=width, no_color=True, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render(board, sorted(board.now), clock_ms, width))
    return console.export_text()


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"value": 0.4, "unit": "ratio"}, "40.0%"),
        ({"value": "1234.50", "unit": "money", "currency": "EUR"}, "1,234.50 EUR"),
        ({"value": "18.2", "unit": "money/day", "currency": "EUR"}, "18.2 EUR / day"),
        ({"value": 57, "unit": "days"}, "57 d"),
        ({"value": 1234567, "unit": "count"}, "1,234,567"),
        ({"value": None, "unit": "ratio"}, "–"),
        ({"value": 0, "unit": "ratio"}, "0.0%"),
    ],
)
def test_a_value_is_shown_with_its_unit(document: dict[str, Any], text: str) -> None:
    """Nothing and zero look different."""
    assert value_of(document) == text


def test_numbers_have_no_needless_zeros() -> None:
    """And thousands are separated."""
    assert [number(x) for x in (None, 12, 12.0, 12.5, "505.50", 1e6)] == ["–", "12", "12", "12.5", "505.5", "1,000,000"]


def test_what_moved_is_said_in_the_unit_of_the_kpi() -> None:
    """Ratios in points; nothing when nothing moved."""
    assert change(doc(), doc(value=0.45)) == "▲ 5.0 pt"
    assert change(doc(value=9, unit="count"), doc(value=7, unit="count")) == "▼ 2"
    assert change(doc(), doc()) == change(None, doc()) == ""


def test_the_board_shows_what_a_value_is_made_of() -> None:
    """Value, numerator, denominator, n and what moved since it was opened."""
    board = Board()
    board.put("acme", [doc()])
    board.put("acme", [doc(value=0.5, numerator=15)])
    text = painted(board)

    assert all(part in text for part in ("acme", "30d", "win_rate", "50.0%", "▲ 10.0 pt", "15 / 30", "live"))


def test_a_silent_worker_makes_values_stale_not_empty() -> None:
    """The value stays, with its moment."""
    board = Board()
    board.put("acme", [doc()])

    text = painted(board, NOW + STALE_MS + 1000)
    assert "stale: as of 2026-10-31T00:00:00Z" in text
    assert "40.0%" in text


def test_values_that_nobody_writes_anew_are_live_as_long_as_their_worker_says_so() -> None:
    """An idle tenant's documents may be hours old and right."""
    board, later = Board(), NOW + 3_600_000
    board.put("acme", [doc()])
    board.status["acme"] = Status(NOW, later - 800, 0, None, (0, 0))
    assert "live, 0.8 s ago" in painted(board, later)
    assert "stale" in painted(board, later + STALE_MS)


def test_half_a_history_is_called_so() -> None:
    """Whatever the numbers are, nobody takes them for final."""
    board = Board()
    board.put("acme", [doc()])
    board.status["acme"] = Status(NOW, NOW, 0, 0.42, (0, 0))
    assert "catching up: 42% of the history counted" in painted(board)


def test_an_empty_board_says_what_to_do() -> None:
    """The next step, not a blank."""
    assert "crmkpi send" in painted(Board(empty=True))


def test_another_window_forgets_what_moved() -> None:
    """Values of two windows are never compared."""
    board = Board()
    board.put("acme", [doc()])
    board.turn("7d")
    board.put("acme", [doc(value=0.9)])

    assert "▲" not in painted(board)


def test_a_plain_line_has_no_control_characters() -> None:
    """For logs and pipes."""
    board = Board()
    board.put("ac\x1b[31mme", [doc()])

    assert short_line(board, "ac\x1b[31mme") == "ac\\x1b[31mme 30d: win_rate 40.0%"


def test_latency_is_from_acknowledgement_to_being_counted() -> None:
    """The k-th record is visible once k are counted."""
    found = Latencies()
    found.begin("acme", 10)
    for at in (1.0, 2.0, 3.0):
        found.acked("acme", at)
    found.visible("acme", 12, 2.5)

    assert found.percentile_ms(0.99) == 1500
    assert found.percentile_ms(0) == 500
    assert Latencies().percentile_ms(0.5) is None
