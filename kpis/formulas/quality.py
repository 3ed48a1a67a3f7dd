"""Formulas of data quality."""

from kpis.formulas.common import Figure
from kpis.formulas.view import View


def received(view: View) -> Figure:
    """Events received. ``parts``: events with a placeholder such as `undefined` for an id; links set aside.

    ``identity_conflict``: links that would join two customers, users or leads, by the time of their earliest event.
    """
    found = view.flow("received")
    parts = {"placeholder_id": view.flow("placeholders"), "identity_conflict": view.flow("identity_conflicts")}
    return Figure(found, found, None, found, parts={name: count for name, count in parts.items() if count})
