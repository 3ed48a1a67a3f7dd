"""A number taken apart: its document, the measures it was made from, and how far it was revised."""

from typing import Any, Final

from kpis.cells.declared import MONEY, Measure
from kpis.formulas.view import View
from kpis.query.question import Question
from kpis.query.readings import can_list
from kpis.query.wanted import measures_of

VALUES: Final = 20  # names of one measure that are told, as currencies; values of a quantile are told together


def explain(question: Question) -> dict[str, Any]:
    """The parts of a number. ``value``: in the window; of money minor units by currency. ``formula``: see its page."""
    kpi, document = question.kpi, question.document()
    inputs = [
        {"measure": one.name, "title": f"{one.unit}: {one.what}", "unit": one.unit, **_values(question.view, one)}
        for one in sorted(measures_of(kpi), key=lambda one: one.name)
    ]
    return {
        "document": document, "title": kpi.title, "kpi": kpi.id, "direction": kpi.direction, "inputs": inputs,
        "definition": document["definition"], "late_revised": document["late_revised"], "source": kpi.source,
        "members": can_list(kpi),
    }  # fmt: skip


def _values(view: View, one: Measure) -> dict[str, Any]:
    """What a measure adds up to in the window, and at its ends: which of them the formula reads is its own matter."""
    base = one.name
    if one.by == "window":
        return {"value": view.marked(base)}
    if one.by == "value":
        return {"value": view.values(base).total()}
    if one.by == "":
        return {"value": view.flow(base), "at_end": view.level(base), "at_start": view.level_at_start(base)}
    found = {name: view.flow(f"{base}:{name}") for name in view.suffixes(base)[:VALUES]}
    return {"value": None if one.by in MONEY else sum(found.values()), "by": {k: v for k, v in found.items() if v}}
