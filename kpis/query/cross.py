"""Two dimensions of a KPI crossed: its number for every pair of their values."""

from collections.abc import Generator
from typing import Any, Final

from kpis.cells.segments import OTHER
from kpis.query.groups import grouped, value_in
from kpis.query.question import Question, Refused
from kpis.query.readings import LISTED, PRODUCTS, WHOLE
from kpis.state.tenant_state import TenantState

MOST: Final = 50  # values of a dimension; all others are `__other__`
FIGURE: Final = 30  # units of work
Pair = tuple[str, str]


def cross(
    state: TenantState, as_of: int, kpi: Any, window: Any, rows: Any, columns: Any
) -> Generator[int, None, dict[str, Any]]:
    """The number of each pair, with its n; None for pairs without data. Raises `Refused`."""
    question = Question(state, as_of, kpi, window)
    board, one = question.board, question.kpi
    _check(question, rows, columns)
    named = {name: _values(question, name) for name in (rows, columns)}
    kept = {name: frozenset(values) for name, values in named.items()}

    def pair_of(segments: tuple[str, ...]) -> Pair | None:
        row, column = value_in(segments, rows), value_in(segments, columns)
        if row is None or column is None:
            return None
        return row if row in kept[rows] else OTHER, column if column in kept[columns] else OTHER

    groups = yield from grouped(state, question.tables, one, question.window, pair_of, only=True)
    found: dict[Pair, dict[str, Any]] = {}
    for pair in groups.keys:
        figure = question.formula(groups.view(pair, question.window))
        if not figure.empty:
            money = one.unit in ("money", "money/day")
            found[pair] = {"value": board.printed(figure.value, money), "n": figure.n}
        yield FIGURE
    shown = {name: [*values, *_other(found, place)] for place, (name, values) in enumerate(named.items())}
    table = [[found.get((row, column)) for column in shown[columns]] for row in shown[rows]]
    return {
        "kpi": one.id, "window": question.window.name, "unit": one.unit, "row": rows, "column": columns,
        "rows": shown[rows], "columns": shown[columns], "cells": table, "as_of": question.document()["as_of"],
    }  # fmt: skip


def _check(question: Question, rows: Any, columns: Any) -> None:
    kpi, known = question.kpi, question.board.dimensions(question.kpi)
    for name in (rows, columns):
        if name not in known:
            raise Refused(f"{kpi.id} has no dimension {name!r}: use two of {', '.join(sorted(known)) or 'none'}")
    if rows == columns:
        raise Refused("rows and columns must be two dimensions")
    if kpi.quality or kpi.rows == "page" or kpi.id in LISTED | WHOLE | PRODUCTS.keys() or kpi.ageing:
        raise Refused(f"{kpi.id} cannot be crossed by two dimensions")


def _values(question: Question, dimension: str) -> list[str]:
    """The largest values of a dimension."""
    found = question.board.largest(question.kpi, question.window, dimension, MOST)
    return [segment.partition("=")[2] for segment in found]


def _other(found: dict[Pair, Any], place: int) -> list[str]:
    return [OTHER] if any(pair[place] == OTHER for pair in found) else []
