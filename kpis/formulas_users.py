"""Formulas of signing in."""

from fractions import Fraction
from typing import Final

from kpis.formulas import Figure
from kpis.view import View
from kpis.windows import LOCAL_DAYS

LOCAL_OF: Final = {f"{days}d": name for name, days in LOCAL_DAYS.items()}


def stickiness(view: View) -> Figure:
    """Mean users a local day, of all users of these days: DAU / MAU of any window.

    7d and 30d are the last 7 and 30 local days, today among them; days before the tenant's first event do not count.
    """
    zone, window = view.zone, view.window
    last = zone.day(window.end - 1)
    local = LOCAL_OF.get(window.name)
    start = zone.midnight(last - LOCAL_DAYS[local] + 1) if local else window.start or 0
    users = view.level(f"users@{local}") if local else view.marked("users")
    if not users:
        return Figure(None, 0, 0, 0)
    begun = zone.day(start if view.first is None else max(start, view.first // 60_000))
    mean = Fraction(view.level("users@day") - view.before("users@day", start), last - begun + 1)
    return Figure(mean / users, mean, users, users)
