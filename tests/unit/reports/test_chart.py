"""Charts: what is drawn of a history, in colours that are seen on white and on black."""

import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from reports.chart import HIGH, LINE, TARGET, WIDE, Chart
from reports.report import ROWS
from sinks.base import Point

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*values: float | None, target: float | None = None, kpi: str = "win_rate") -> ET.Element:
    history = {str(place): Point(value, 1) for place, value in enumerate(values)}
    chart = Chart.of(ROWS[kpi], history, None if target is None else Decimal(str(target)))
    assert chart is not None
    assert chart.png().startswith(b"\x89PNG")
    return ET.fromstring(chart.svg())


def numbers(path: str) -> list[float]:
    return [float(one) for one in path.replace("M", " ").replace("L", " ").replace("H", " ").replace("Z", " ").split()]


def test_a_gap_is_a_gap() -> None:
    """Two runs, none across it; the last value has a dot."""
    lines = [one for one in drawn(1, 2, None, 4, 3).iter(f"{SVG}path") if one.get("fill") == "none"]
    (dot,) = drawn(1, 2, None, 4, 3).iter(f"{SVG}circle")

    assert [len(numbers(str(one.get("d")))) // 2 for one in lines] == [2, 2]
    assert dot.get("r") == "5"


def test_bars_begin_at_zero_and_the_last_one_is_strong() -> None:
    """A count twice as large is twice as high."""
    one, other, last = drawn(10, 20, 5, kpi="closed_won_deals").iter(f"{SVG}rect")

    assert float(str(other.get("height"))) == pytest.approx(2 * float(str(one.get("height"))), abs=0.2)
    assert (one.get("opacity"), last.get("opacity")) == ("0.45", None)


def test_what_is_below_zero_hangs() -> None:
    """From the same line."""
    up, down = drawn(10, -10, kpi="net_new_mrr").iter(f"{SVG}rect")

    assert float(str(up.get("y"))) + float(str(up.get("height"))) == pytest.approx(float(str(down.get("y"))), abs=0.2)


def test_the_target_is_in_the_picture() -> None:
    """Dashed, also when no value comes near it."""
    (line,) = (one for one in drawn(0.1, 0.2, target=0.9).iter(f"{SVG}path") if one.get("stroke-dasharray"))

    assert 0 <= numbers(str(line.get("d")))[1] <= HIGH


@pytest.mark.parametrize("kpi", ["win_rate", "closed_won_deals"])
@pytest.mark.parametrize("values", [(0, 0), (5, 5, 5), (1e-12, 2e-12), (1e15, -1e15), (None, 1, None, 2, None)])
def test_everything_stays_inside(kpi: str, values: tuple[float | None, ...]) -> None:
    """Also of equal, tiny and huge values."""
    for one in drawn(*values, kpi=kpi).iter():
        for x, y in zip(*[iter(numbers(str(one.get("d") or "")))] * 2, strict=True):
            assert 0 <= x <= WIDE
            assert 0 <= y <= HIGH


@pytest.mark.parametrize("values", [(), (1,), (None, None), (None, 1, None)])
def test_one_value_is_no_chart(values: tuple[float | None, ...]) -> None:
    """Nothing to compare."""
    assert Chart.of(ROWS["win_rate"], {str(n): Point(one, 1) for n, one in enumerate(values)}, None) is None


@pytest.mark.parametrize("ground", ["#ffffff", "#16171b"])
@pytest.mark.parametrize("colour", [LINE, TARGET])
def test_colours_are_seen_on_light_and_on_dark(colour: str, ground: str) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1."""
    dark, light = sorted((luminance(colour), luminance(ground)))

    assert (light + 0.05) / (dark + 0.05) >= 3


def luminance(colour: str) -> float:
    """Relative, by WCAG."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
