"""Formulas of data quality."""

from kpis.formulas.common import Figure
from kpis.formulas.view import View


def received(view: View) -> Figure:
    """Events received; in ``parts`` how many of them had a placeholder such as `undefined` for an id.

    ``identity_conflict``: links that stand aside, by the time of the event that said so first.
    """
    found = view.flow("received")
    told = {"placeholder_id": view.flow("placeholders"), "identity_conflict": view.flow("identity_conflicts")}
    return Figure(found, found, None, found, parts={name: count for name, count in told.items() if count})
