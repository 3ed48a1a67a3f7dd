"""Texts of alerts: a title, a text, and fields for programs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from alerts.machine import Change, Observation, Verdict
from kpis.catalog import CATALOG
from models.alerting import Rule
from notify.message import Message

GONE: Final = Observation(Verdict.UNKNOWN, level="gone")  # the rule was removed
ROWS: Final = {row.id: row for row in CATALOG}
FIGURES: Final[Mapping[str, str]] = {
    "lag": "Lag in seconds",
    "dead_letters": "Dead letters nobody has dealt with",
    "quarantine": "Events in quarantine",
}


def entry_of(rule: Rule, seen: Observation, change: Change) -> dict[str, Any]:
    """A change for log and notices: title, text, ``at`` (ms UTC) and fields for programs."""
    subject, said = _subject(rule), _said(rule, seen, change.raised)
    state = "Alert" if change.raised else "Cleared"
    when = datetime.fromtimestamp(change.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {
        "at": change.at,
        "title": f"{state}: {rule.title or subject} {said}",
        "text": f"{subject} {said}.\nSince {when}. Rule {rule.id} of {rule.tenant}.",
        **fields(rule, seen, change.raised, change.number),
    }


def message_of(value: Mapping[str, Any]) -> Message:
    """The message for a log entry."""
    kind = "kpi.alert.raised" if value["state"] == "raised" else "kpi.alert.cleared"
    data = {name: told for name, told in value.items() if name not in ("at", "title", "text", "v")}
    return Message(kind, value["title"], value["text"], value["at"], data)


def fields(rule: Rule, seen: Observation, raised: bool, number: int) -> dict[str, Any]:
    """The fields for programs. ``number``: of the change in the log."""
    about = {"kpi": rule.kpi, "window": rule.window, "segment": rule.segment} if rule.kpi else {}
    figures = {"value": seen.value, "level": None if seen is GONE else seen.level, "n": seen.n, "as_of": seen.as_of}
    return {
        "tenant": rule.tenant,
        "rule": rule.id,
        "kind": rule.kind,
        "state": "raised" if raised else "cleared",
        "number": number,
        **about,
        **{name: value for name, value in figures.items() if value is not None},
    }


def _subject(rule: Rule) -> str:
    if rule.kpi is None:
        return FIGURES[rule.kind]
    segment = "".join(f", {name} {value}" for name, value in rule.segment.items())
    return f"{ROWS[rule.kpi].title} ({rule.window}{segment})"


def _said(rule: Rule, seen: Observation, raised: bool) -> str:
    if seen is GONE:
        return "is no longer watched"
    value = shown(rule, seen.value)
    if rule.kind == "no_data":
        return "has no data" if raised else "has data again"
    if rule.kind == "changed":
        return f"has changed by more than noise: {value}" if raised else f"is within its usual range: {value}"
    level = shown(rule, seen.level) if seen.level is not None else ""
    if not raised:
        return f"is back at {value}"
    side = "above" if rule.above is not None else "below"
    if rule.kind == "off_pace":
        return f"is off its target: at {value} of what is due, {side} {level}"
    return f"is {value}, {side} {level}"


def shown(rule: Rule, value: str | None) -> str:
    """A figure for people: ratios, paces and changes as percentages."""
    if value is None:
        return "unknown"
    number = Decimal(value)
    ratio = rule.kind in ("off_pace", "changed") or (rule.kpi is not None and ROWS[rule.kpi].unit == "ratio")
    if ratio:
        return f"{number * 100:.1f} %"
    return f"{number:,.2f}".rstrip("0").rstrip(".")
