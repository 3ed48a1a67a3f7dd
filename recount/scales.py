"""The scales of survey answers."""

from fractions import Fraction
from typing import Any, Final

SCALES: Final = {"nps": (0, 10), "effort": (1, 7), "csat": (1, 5)}


def six(value: Any) -> Fraction:
    """A number to six decimals."""
    return Fraction(round(Fraction(str(value)) * 10**6), 10**6)


def scale_of(data: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """The scale of an answer."""
    usual = SCALES[data["survey_type"]]
    given = (data.get("scale_min"), data.get("scale_max"))
    low, high = (six(usual[place] if end is None else end) for place, end in enumerate(given))
    return low, high


def number(value: Fraction) -> str:
    """Without a decimal point if there is no fraction."""
    return str(int(value)) if value == int(value) else f"{float(value):.6f}".rstrip("0")


def scale_text(data: dict[str, Any]) -> str:
    """A scale as text: its ends."""
    return "-".join(map(number, scale_of(data)))
