"""Formulas of records and tickets."""

from fractions import Fraction

from kpis.cells.log_buckets import quantile
from kpis.formulas.common import Figure, Formula
from kpis.formulas.view import View


def hours(base: str, bad: str, share: Fraction) -> Formula:
    """A quantile of durations, h; those that end before they begin are counted separately."""

    def figure(view: View) -> Figure:
        found = view.values(base)
        seconds = quantile(found, share)
        value = None if seconds is None else seconds / 3600
        return Figure(value, None, None, found.total(), parts={"bad_interval": view.flow(bad)})

    return figure
