"""How often a rule would have been raised."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from alerts.preview import NoPreview, preview, series_of
from models.alerting import Rule
from sinks.base import Point

NOW: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)


def rule(**given: Any) -> Rule:
    """About the day's win rate."""
    usual = {"id": "r", "tenant": "acme", "kind": "threshold", "kpi": "win_rate", "window": "today"}
    return Rule.model_validate({**usual, **({"below": 0.3, "clear": 0.4} if "kind" not in given else {}), **given})


def days(*values: float | None, n: int = 100) -> dict[str, Point]:
    """A series that ends yesterday."""
    first = NOW.date() - timedelta(days=len(values))
    points = (Point(None, 0, "no_data") if value is None else Point(value, n) for value in values)
    return {(first + timedelta(days=at)).isoformat(): point for at, point in enumerate(points)}


def test_each_time_it_falls_below_counts_once() -> None:
    found = preview(rule(), days(0.5, 0.2, 0.2, 0.35, 0.5, 0.1, None, 0.1, 0.6, 0.2), 90, NOW)
    assert [value for _, value in found.raised] == ["0.2", "0.1", "0.2"]
    assert found.raised[0][0] == "2026-11-19"
    assert (found.step, found.exact, found.buckets, found.raised_for) == ("day", True, 10, 7)


def test_days_before_are_left_out_and_few_are_no_reason() -> None:
    series = days(*[0.1, 0.9] * 100)
    found = preview(rule(), series, 90, NOW)
    assert found.buckets == 91
    assert len(found.raised) == 45 or len(found.raised) == 46
    assert preview(rule(least_n=101), series, 90, NOW).raised == []


def test_no_data_has_a_preview_too() -> None:
    found = preview(rule(kind="no_data"), days(0.5, None, None, 0.5, None), 90, NOW)
    assert len(found.raised) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "changed"}, "of changed there is no series"),
        ({"kind": "off_pace"}, "of off_pace there is no series"),
        ({"segment": {"country": "FI"}}, "totals only"),
    ],
)
def test_where_there_is_none_it_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(NoPreview, match=said):
        series_of(rule(**given))


def test_a_window_without_a_series_is_judged_by_the_nearest() -> None:
    assert series_of(rule(window="30d")) == ("month", False)
    assert series_of(rule(window="month")) == ("month", True)
    assert preview(rule(), {}, 90, NOW).buckets == 0
