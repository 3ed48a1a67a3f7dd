"""Evaluates rules on documents and figures. Pure. What cannot be judged is unknown."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from alerts.machine import Observation, Verdict
from models.alerting import Rule

Document = Mapping[str, Any]
UNKNOWN: Final = Observation(Verdict.UNKNOWN)


def of_document(rule: Rule, document: Document | None, *, published: bool) -> Observation:
    """Evaluates a KPI rule. ``published``: whether the tenant's numbers are current; otherwise unknown."""
    if not published:
        return UNKNOWN
    if rule.kind == "no_data":
        return _no_data(document)
    if document is None or document.get("status") in (None, "no_data", "stale"):
        return UNKNOWN
    if _n(document) < rule.least_n:
        return UNKNOWN
    if rule.kind == "changed":
        return _changed(rule, document)
    value = _pace(document) if rule.kind == "off_pace" else _number(document.get("value"))
    return UNKNOWN if value is None else _with(of_figure(rule, value), document)


def of_figure(rule: Rule, value: Decimal) -> Observation:
    """Evaluates a figure against a rule's levels."""
    text = f"{value:f}"
    if rule.above is not None:
        back = rule.clear if rule.clear is not None else rule.above
        bad, fine, level = value > rule.above, value <= back, rule.above
    elif rule.below is not None:
        back = rule.clear if rule.clear is not None else rule.below
        bad, fine, level = value < rule.below, value >= back, rule.below
    else:
        return UNKNOWN
    verdict = Verdict.BAD if bad else Verdict.FINE if fine else Verdict.BETWEEN
    return Observation(verdict, text, f"{level:f}")


def _no_data(document: Document | None) -> Observation:
    if document is None:
        return Observation(Verdict.BAD)
    none = document.get("status") == "no_data" or not _n(document)
    return _with(Observation(Verdict.BAD if none else Verdict.FINE), document)


def _changed(rule: Rule, document: Document) -> Observation:
    """Evaluates ``trend``: changed if beyond noise; change, otherwise points, gives the direction."""
    trend = document.get("trend")
    if not isinstance(trend, Mapping) or not isinstance(trend.get("changed"), bool):
        return UNKNOWN
    change = _number(trend.get("change"))
    change = _number(trend.get("points")) if change is None else change
    asked = rule.direction == "any" or (change is not None and (change > 0) == (rule.direction == "up"))
    value = None if change is None else f"{change:f}"
    return _with(Observation(Verdict.BAD if trend["changed"] and asked else Verdict.FINE, value), document)


def _pace(document: Document) -> Decimal | None:
    """The pace of a running window; for rates and complete windows, which have none, the attainment."""
    target = document.get("target")
    if not isinstance(target, Mapping):
        return None
    return _number(target.get("attainment" if target.get("elapsed") is None else "pace"))


def _with(seen: Observation, document: Document) -> Observation:
    shown = seen.value if seen.value is not None else _text(document.get("value"))
    return seen._replace(value=shown, n=_n(document), as_of=document.get("as_of"))


def _n(document: Document) -> int:
    found = document.get("n")
    return found if isinstance(found, int) else 0


def _text(value: Any) -> str | None:
    found = _number(value)
    return None if found is None else f"{found:f}"


def _number(value: Any) -> Decimal | None:
    """A number from a number or decimal text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
