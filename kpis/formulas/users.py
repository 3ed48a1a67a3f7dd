"""Formulas of sign-ins."""

from fractions import Fraction

from kpis.formulas.common import Figure
from kpis.formulas.view import View


def stickiness(view: View) -> Figure:
    """Mean users a local day, as a share of all users of these days: DAU / MAU of any window.

    Today counts as a day; days before the tenant's first event do not.
    """
    zone, start, end = view.zone, view.window.start or 0, view.window.end
    users = view.marked("users")
    if not users:
        return Figure(None, 0, 0, 0)
    begun = zone.day(start if view.first is None else max(start, view.first // 60_000))
    mean = Fraction(view.level("users@day") - view.before("users@day", start), zone.day(end - 1) - begun + 1)
    return Figure(mean / users, mean, users, users)
