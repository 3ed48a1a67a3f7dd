"""Whether a number has changed since another window: from the two documents alone."""

from collections.abc import Mapping
from fractions import Fraction
from math import sqrt
from typing import Any

from recount.row import KpiRow

Document = Mapping[str, Any]


def trend(row: KpiRow, now: Document, before: Document, low_n: int) -> dict[str, Any] | None:
    """The change, its margin where one is known, and whether it is more; None: there is nothing to compare."""
    if now["value"] is None or before["value"] is None:
        return None
    value, was = Fraction(now["value"]), Fraction(before["value"])
    found: dict[str, Any] = {"change": float((value - was) / was) if was else None}
    if row.unit in ("ratio", "index"):
        found["points"] = float(value - was)
    margin = margin_of(row, now, before)
    if margin is None:
        return found
    enough = now["n"] >= low_n and before["n"] >= low_n if row.thin else now["n"] + before["n"] >= low_n
    return {**found, "margin": margin, "changed": enough and abs(value - was) > margin}


def margin_of(row: KpiRow, now: Document, before: Document) -> float | None:
    """1.96 standard errors of the difference."""
    both = (now, before)
    if all(one.get("margin") is not None for one in both):
        return sqrt(sum(one["margin"] ** 2 for one in both))
    if row.unit == "count" and not row.thin and row.kind not in ("S", "L"):
        total = now["value"] + before["value"]
        return 1.96 * sqrt(total) if now["value"] >= 0 and before["value"] >= 0 else None
    if row.unit != "ratio" or any(row.money_sides or ()) or not all(map(is_share, both)):
        return None
    shares = [(Fraction(one["numerator"] + 1, one["denominator"] + 2), one["denominator"] + 2) for one in both]
    return 1.96 * sqrt(sum(p * (1 - p) / n for p, n in shares))


def is_share(document: Document) -> bool:
    """Whether it is so many of so many."""
    above, below = document["numerator"], document["denominator"]
    return isinstance(above, int) and isinstance(below, int) and below > 0 and 0 <= above <= below
