"""Whether a number has really changed since the window before, and since a year ago.

`change` is (value - previous) / previous (kpi-precise "trend"). The margin is half of the 95% interval of the
difference, and is known of

- a share of two counts: p(1 - p) / n of both with one success and one failure more in each, which holds for small n
  and for shares of 0 and 1, too (Agresti and Caffo, "Simple and effective confidence intervals for proportions and
  differences of proportions", The American Statistician 54, 2000);
- a count of what happened in a window: both are Poisson, so their difference has the variance of their sum
  (Przyborowski and Wilenski, Biometrika 31, 1940);
- a number that states its own margin (the net promoter score): both are independent, so their squares add up.

A number has changed if the difference exceeds the margin and n is large enough: at least `low_n` on both sides, for
counts on both together. Sums of money, means and quantiles have no known margin, so nothing is claimed about them.
"""

from decimal import Decimal
from fractions import Fraction
from math import hypot, sqrt
from typing import Any, Final, NamedTuple

from kpis.catalog import Kpi

Z: Final = 1.96  # for a two-sided 95% interval
POINTS: Final = frozenset({"ratio", "index"})  # units whose difference is also given in points


class Printed(NamedTuple):
    """A number as printed in a document, with the inputs of its margin."""

    value: Any
    n: int
    numerator: Any = None
    denominator: Any = None
    margin: float | None = None


def trend(kpi: Kpi, now: Printed, before: Printed, low_n: int) -> dict[str, Any] | None:
    """The change since ``before``; None if either has no value."""
    if now.value is None or before.value is None:
        return None
    value, previous = _exact(now.value), _exact(before.value)
    difference, margin = value - previous, _margin(kpi, now, before)
    found: dict[str, Any] = {"change": float(difference / previous) if previous else None}
    if kpi.unit in POINTS:
        found["points"] = float(difference)
    if margin is not None:
        found |= {"margin": margin, "changed": abs(difference) > margin and _is_enough(kpi, now, before, low_n)}
    return found


def _exact(value: Any) -> Fraction:
    return Fraction(Decimal(value)) if isinstance(value, str) else Fraction(value)


def _is_enough(kpi: Kpi, now: Printed, before: Printed, low_n: int) -> bool:
    return min(now.n, before.n) >= low_n if kpi.low_n else now.n + before.n >= low_n


def _margin(kpi: Kpi, now: Printed, before: Printed) -> float | None:
    """Half of the 95% interval of the difference."""
    if now.margin is not None and before.margin is not None:
        return hypot(now.margin, before.margin)
    if kpi.unit == "count" and kpi.cumulative:
        return Z * sqrt(now.value + before.value) if min(now.value, before.value) >= 0 else None
    if kpi.unit == "ratio" and not kpi.money and _is_share(now) and _is_share(before):
        return Z * sqrt(_variance(now) + _variance(before))
    return None


def _is_share(share: Printed) -> bool:
    top, bottom = share.numerator, share.denominator
    return type(top) is int and type(bottom) is int and 0 <= top <= bottom != 0


def _variance(share: Printed) -> float:
    n = share.denominator + 2
    p = (share.numerator + 1) / n
    return float(p * (1 - p) / n)
