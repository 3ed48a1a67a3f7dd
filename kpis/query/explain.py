"""Explains a number: its document, its input measures, and how far it was revised."""

from fractions import Fraction
from typing import Any, Final

from kpis.catalog.inputs import INPUTS
from kpis.catalog.revenue import MOVEMENTS
from kpis.cells.declared import MONEY, Measure
from kpis.query.question import Question
from kpis.query.readings import can_list
from kpis.query.wanted import measures_of
from models.money import digits, iso

VALUES: Final = 20  # names of one measure that are listed, such as currencies; values of a quantile are summed


def explain(question: Question) -> dict[str, Any]:
    """The parts of a number. ``value``: in the window; ``by``: of money minor units by currency."""
    kpi, document = question.kpi, question.document()
    inputs = [
        {"measure": one.name, "title": f"{one.unit}: {one.what}", "unit": one.unit, **_values(question, one)}
        for one in sorted(measures_of(kpi), key=lambda one: one.name)
    ]
    return {
        "document": document, "title": kpi.title, "kpi": kpi.id, "direction": kpi.direction, "inputs": inputs,
        "definition": document["definition"], "late_revised": document["late_revised"], "source": kpi.source,
        "members": can_list(kpi),
    }  # fmt: skip


def _values(question: Question, one: Measure) -> dict[str, Any]:
    """What a measure adds up to in the window, and at its ends; which of them the formula reads depends on the KPI."""
    view, base = question.view, one.name
    if one.by == "window":
        names = INPUTS[question.kpi.id].names
        spelled = [name for name in names if name.startswith(f"{base}@")]  # reads another kind of window
        return {"value": view.marked(base) if base in names else view.flow(spelled[0])}
    if one.by == "value":
        return {"value": view.values(base).total()}
    if one.by == "":
        return {"value": view.flow(base), "at_end": view.level(base), "at_start": view.level_at_start(base)}
    found = {name: view.flow(f"{base}:{name}") for name in view.suffixes(base)[:VALUES]}
    value = question.board.printed(_money(question, one), True) if one.by in MONEY else sum(found.values())
    return {"value": value, "by": _minor(found) if one.by in MONEY else {name: n for name, n in found.items() if n}}


def _minor(found: dict[str, int]) -> dict[str, int]:
    """Sums by currency in minor units, including fractions of them: rounded once, half to even."""
    sums: dict[str, Fraction] = {}
    for name, amount in found.items():
        code, colon, day = name.partition(":")
        plain = f"{iso(code)}{colon}{day}"
        times = 10 ** (digits(code) - digits(iso(code))) if code else 1
        sums[plain] = sums.get(plain, Fraction(0)) + Fraction(amount, times)
    return {name: round(total) for name, total in sums.items() if total}


def _money(question: Question, one: Measure) -> Fraction:
    """Money in the reporting currency: at the window's end if the KPI is a stock, else of the window."""
    view, base = question.view, one.name
    if one.by == "currency":
        return view.money(base).amount
    if question.kpi.stock:
        return view.money_level(base).amount
    return view.rated(base) if base in MOVEMENTS else view.money_dated(base).amount
