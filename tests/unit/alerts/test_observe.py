"""What rules say of documents: levels, hysteresis, and what cannot be judged."""

from decimal import Decimal
from typing import Any

import pytest

from alerts.machine import Verdict
from alerts.observe import of_document, of_figure
from models.alerting import Rule

KPI: dict[str, Any] = {"id": "r", "tenant": "acme", "kpi": "win_rate", "window": "30d"}
DOCUMENT: dict[str, Any] = {"value": 0.2, "n": 100, "status": "ok", "as_of": "2026-11-28T10:00:00Z"}


def rule(**given: Any) -> Rule:
    """A rule about a KPI."""
    return Rule.model_validate({**KPI, **given})


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("0.29", "bad"), ("0.3", "between"), ("0.31", "between"), ("0.32", "fine"), ("0.5", "fine")],
)
def test_below_with_hysteresis(value: str, verdict: str) -> None:
    seen = of_figure(rule(kind="threshold", below=0.3, clear=0.32), Decimal(value))
    assert seen.verdict is Verdict(verdict)
    assert (seen.value, seen.level) == (value, "0.3")


@pytest.mark.parametrize(("value", "verdict"), [("5", "fine"), ("7", "between"), ("10", "between"), ("10.01", "bad")])
def test_above_with_hysteresis(value: str, verdict: str) -> None:
    assert of_figure(rule(kind="threshold", above=10, clear=5), Decimal(value)).verdict is Verdict(verdict)


def test_without_clear_the_level_itself_clears() -> None:
    assert of_figure(rule(kind="threshold", above=10), Decimal(10)).verdict is Verdict.FINE


@pytest.mark.parametrize(
    ("change", "published"),
    [
        ({"status": "no_data", "value": None}, True),
        ({"status": "stale"}, True),
        ({"n": 29}, True),
        ({"value": None}, True),
        ({"value": "none"}, True),
        ({}, False),
        (None, True),
    ],
)
def test_what_cannot_be_judged_is_unknown(change: dict[str, Any] | None, published: bool) -> None:
    document = None if change is None else {**DOCUMENT, **change}
    asked = rule(kind="threshold", below=0.3, least_n=30)
    assert of_document(asked, document, published=published).verdict is Verdict.UNKNOWN


def test_money_is_text_and_compared_exactly() -> None:
    asked = rule(kind="threshold", kpi="closed_won_value", above="1000000000000.01")
    assert of_document(asked, {**DOCUMENT, "value": "1000000000000.02"}, published=True).verdict is Verdict.BAD
    assert of_document(asked, {**DOCUMENT, "value": "1000000000000.01"}, published=True).verdict is Verdict.FINE


@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (None, "bad"),
        ({**DOCUMENT, "status": "no_data", "n": 0}, "bad"),
        ({**DOCUMENT, "n": 0}, "bad"),
        (DOCUMENT, "fine"),
    ],
)
def test_no_data(document: dict[str, Any] | None, verdict: str) -> None:
    assert of_document(rule(kind="no_data"), document, published=True).verdict is Verdict(verdict)
    assert of_document(rule(kind="no_data"), document, published=False).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        ({"elapsed": 0.5, "pace": 0.8, "attainment": 0.4}, "bad"),
        ({"elapsed": 0.5, "pace": 0.95, "attainment": 0.4}, "fine"),
        ({"elapsed": 0.0, "pace": None, "attainment": 0.0}, "unknown"),  # the window has just begun
        ({"elapsed": None, "pace": None, "attainment": 0.8}, "bad"),  # a rate
        ({"value": 10, "attainment": 0.95}, "fine"),
        ({"attainment": None}, "unknown"),
        (None, "unknown"),
        (9, "unknown"),
    ],
)
def test_off_pace(target: Any, verdict: str) -> None:
    seen = of_document(rule(kind="off_pace"), {**DOCUMENT, "target": target}, published=True)
    assert seen.verdict is Verdict(verdict)


@pytest.mark.parametrize(
    ("direction", "trend", "verdict"),
    [
        ("any", {"changed": True, "change": -0.2}, "bad"),
        ("any", {"changed": False, "change": -0.2}, "fine"),
        ("up", {"changed": True, "change": -0.2}, "fine"),
        ("down", {"changed": True, "change": -0.2}, "bad"),
        ("up", {"changed": True, "change": 0.2}, "bad"),
        ("up", {"changed": True, "change": None, "points": 2.5}, "bad"),
        ("down", {"changed": True, "change": None, "points": 2.5}, "fine"),
        ("up", {"changed": True, "change": None}, "fine"),
        ("any", {"change": 0.2}, "unknown"),
        ("any", {"changed": None}, "unknown"),
        ("any", None, "unknown"),
    ],
)
def test_changed(direction: str, trend: Any, verdict: str) -> None:
    asked = rule(kind="changed", direction=direction)
    assert of_document(asked, {**DOCUMENT, "trend": trend}, published=True).verdict is Verdict(verdict)
