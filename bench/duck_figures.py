"""Turns DuckDB's measures of a window into figures, and compares them with documents."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import isclose
from typing import Any, Final, NamedTuple

from kpis.publish.figures import money_text

CENTS: Final = 100
Key = tuple[str, str, str]  # tenant, window, KPI


class Figure(NamedTuple):
    """The compared fields of a document. Money is decimal text, as in documents."""

    value: Any
    numerator: Any
    denominator: Any
    n: int


class Measures(dict[str, Any]):
    """A row of measures; missing ones are 0."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Measures":
        """Without NULLs; DuckDB's sums are 128-bit, and some are decimals."""
        return cls((name, value) for name, value in row.items() if value is not None)

    def __missing__(self, name: str) -> int:
        return 0


def figures(m: Measures) -> dict[str, Figure]:
    """Every KPI of one window, by id."""
    won, lost, cycles, lost_cycles = m["won"], m["lost"], m["cycles"], m["cycles_lost"]
    is_open, mean = m["open"] + m["open_undated"], Fraction(m["cycle_days"], m["cycles"]) if m["cycles"] else None
    interactions = m["pages"] + m["clicks"] + m["talks"] + m["social"] + m["opens"]
    return {
        "visitors": _count(m["visitors"]),
        "engagement_by_channel": _count(interactions)._replace(n=m["engaged"]),
        "call_connect_rate": _ratio(m["connected_out"], m["calls_out"]),
        "social_interactions": _count(m["social"]),
        "social_engagement_rate": _ratio(m["social"], m["impressions"]),
        "email_open_rate": _ratio(m["opened"], m["delivered"]),
        "email_open_rate_period": _ratio(m["opened_then"], m["delivered"]),
        "email_click_rate": _ratio(m["clicked"], m["delivered"]),
        "email_click_rate_to_open": _ratio(m["clicked"], m["opened"]),
        "closed_won_deals": _count(won),
        "closed_won_value": _money(m["won_value"], won),
        "closed_lost_deals": _count(lost),
        "closed_lost_value": _money(m["lost_value"], lost),
        "win_rate": _ratio(won, won + lost),
        "win_rate_value": _share(m["won_value"], m["won_value"] + m["lost_value"], won + lost),
        "open_pipeline": _count(is_open),
        "open_pipeline_value": _money(m["open_value"] + m["open_undated_value"], is_open),
        "sales_cycle_days": _days(m, "cycle", cycles),
        "sales_cycle_days_p90": _days(m, "cycle_p90", cycles),
        "sales_cycle_days_lost": _days(m, "cycle_lost", lost_cycles),
        "sales_cycle_days_closed": _days(m, "cycle_closed", cycles + lost_cycles),
        "sales_cycle_days_mean": _ratio(m["cycle_days"], cycles),
        "pipeline_velocity": _velocity(m, is_open, mean),
        "pipeline_velocity_closed": _velocity(m, won + lost, mean),
        "pipeline_velocity_worked": _velocity(m, is_open + won + lost, mean),
        "new_customers": _count(m["new_customers"]),
        "active_customers": _count(m["active_customers"]),
    }


def _count(number: int) -> Figure:
    return Figure(number, number, None, number)


def _ratio(top: int, bottom: int) -> Figure:
    return Figure(top / bottom if bottom else None, top, bottom, bottom)


def _text(cents: int | Fraction) -> str:
    return money_text(Fraction(cents) / CENTS, 2)


def _money(cents: int, n: int) -> Figure:
    return Figure(_text(cents), _text(cents), None, n)


def _share(top: int, bottom: int, n: int) -> Figure:
    return Figure(top / bottom if bottom else None, _text(top), _text(bottom), n)


def _days(m: Measures, name: str, n: int) -> Figure:
    return Figure(m[name] if n else None, None, None, n)


def _velocity(m: Measures, deals: int, mean: Fraction | None) -> Figure:
    """Deals × average won amount × win rate / mean cycle."""
    won, closed = m["won"], m["won"] + m["lost"]
    top = Fraction(deals * m["won_value"], closed) if won else None
    shown = None if mean is None else float(mean)
    return Figure(_text(top / mean) if top is not None and mean else None, None if top is None else _text(top), shown,
                  won)  # fmt: skip


def differences(found: Mapping[Key, Figure], documents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Figures that differ from the documents, or exist on one side only."""
    own = {kpi for _, _, kpi in found}
    given = {
        (document["tenant"], document["window"], document["kpi"]): Figure(*(document[name] for name in Figure._fields))
        for document in documents
        if document["kpi"] in own and not document["segment"]
    }
    return [
        f"{' '.join(key)}: DuckDB {found.get(key)}, crmkpi {given.get(key)}"
        for key in sorted(found.keys() | given.keys())
        if not _same(found.get(key), given.get(key))
    ]


def _same(one: Figure | None, other: Figure | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(a == b or (isinstance(a, float) and isinstance(b, float | int) and isclose(a, b, rel_tol=1e-12))
               for a, b in zip(one, other, strict=True))  # fmt: skip
