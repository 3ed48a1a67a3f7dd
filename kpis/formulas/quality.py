"""Formulas of data quality."""

from kpis.formulas.common import Figure
from kpis.formulas.view import View


def received(view: View) -> Figure:
    """Events received; ``parts`` has how many of them had a placeholder such as `undefined` for an id."""
    found, placeholders = view.flow("received"), view.flow("placeholders")
    return Figure(found, found, None, found, parts={"placeholder_id": placeholders} if placeholders else {})
