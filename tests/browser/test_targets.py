"""Targets and annotations on the page: in words, as lines, and set from there."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.browser.mock import Mock

MONTH: Final = "?tenant=nordbolt&window=month"
BEHIND: Final = {"value": 100, "since": None, "attainment": 0.4, "elapsed": 0.5, "pace": 0.8, "projection": 80}
RATE: Final = {"value": 0.4, "since": None, "attainment": 1.25}
STATES: Final = """(paces) => paces.map((pace) => globalThis.crmkpi.aimOf({
  kpi: "x", window: "month", segment: {}, value: 50 * pace, direction: "up", state: "live",
  target: { value: 100, attainment: pace / 2, elapsed: 0.5, pace },
}).state)"""


def tile_of(page: Any, kpi: str) -> Any:
    """A tile of the board."""
    return page.locator(f".tile[data-kpi={kpi}]")


def test_a_tile_tells_its_target_in_words_with_an_icon_and_a_bar(visit: Any, mock: Mock) -> None:
    """Never by colour alone; the bar has a tick where the number should be by now."""
    mock.forced |= {"closed_won_deals": {"value": 40, "target": BEHIND}, "win_rate": {"value": 0.5, "target": RATE}}
    page = visit().open(MONTH)
    behind, reached = tile_of(page, "closed_won_deals"), tile_of(page, "win_rate")
    assert "behind pace" in behind.inner_text()
    assert "target reached" in reached.inner_text()
    assert behind.locator(".aim svg").count() == 1
    bar = behind.locator(".aim-bar")
    assert bar.locator("i").evaluate("one => one.style.width") == "40%"
    assert bar.locator("b").evaluate("one => one.style.left") == "50%"
    assert reached.locator(".aim-bar b").count() == 0
    assert tile_of(page, "leads").locator(".aim-bar").is_hidden()


def test_a_state_does_not_flicker_at_its_edge(visit: Any, mock: Mock) -> None:
    """Once on pace, it has to fall behind by more than noise before the word changes, and back by all of it."""
    seen = visit().open(MONTH).evaluate(STATES, [1.0, 0.99, 0.98, 0.96, 0.98, 1.0])
    assert seen == ["on_pace", "on_pace", "on_pace", "behind", "behind", "on_pace"]


def test_a_target_is_set_and_withdrawn_in_the_page(visit: Any, mock: Mock) -> None:
    """A rate is typed in percent; what is no number is said so; earlier ones are listed."""
    mock.forced["win_rate"] = {"value": 0.5, "target": RATE}
    said = [{"time": "2026-11-01T10:00:00.000Z", "value": "0.35", "id": "e"}]
    about = {"kpi": "win_rate", "window": "month", "segment": {}}
    mock.targets.append({**about, "value": "0.4", "by": "event", "history": said})
    page = visit().open(f"{MONTH}&kpi=win_rate")
    page.click("[data-control=aim]")
    assert page.input_value("#aim") == "40"
    page.wait_for_selector(".aim-past li")
    assert "35" in page.inner_text(".aim-past")
    page.fill("#aim", "much")
    page.keyboard.press("Enter")
    assert page.inner_text("#aim-problem") == "Enter a number."
    page.fill("#aim", "32,5")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    page.click("[data-control=aim]")
    page.click("dialog button:has-text('Remove')")
    page.wait_for_selector("dialog", state="detached")
    assert [told[:2] for told in mock.told] == [("PUT", "win_rate/month?"), ("DELETE", "win_rate/month?")]
    assert json.loads(mock.told[0][2]) == {"value": "0.325"}


def test_who_may_only_look_is_told_so(visit: Any, mock: Mock) -> None:
    """In the dialog, in words."""
    mock.trouble.add("look")
    page = visit().open(f"{MONTH}&kpi=leads")
    page.click("[data-control=aim]")
    page.fill("#aim", "50")
    page.keyboard.press("Enter")
    page.wait_for_selector("#aim-problem:not(:empty)")
    assert page.locator("dialog").count() == 1
    assert mock.told == []


def test_the_chart_says_its_line_and_its_marked_days(visit: Any, mock: Mock) -> None:
    """What is drawn is there in words, too; annotations are kept from the chart."""
    mock.forced["closed_won_deals"] = {"value": 40, "target": BEHIND}
    day = (datetime.now(UTC) - timedelta(days=6)).date().isoformat()
    page = visit().open(f"{MONTH}&kpi=closed_won_deals&step=day")
    page.wait_for_selector(".chart-box canvas")
    assert "behind pace: target 100" in page.inner_text(".headline .facts")
    assert "pace the target needs: 3.3" in page.inner_text("[data-panel=trend] .takeaway")
    page.click("[data-control=note]")
    page.fill("dialog input[type=date]", day)
    page.fill("dialog input[maxlength]", "Spring campaign")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .aim-past li")
    page.keyboard.press("Escape")
    page.wait_for_selector(".marks li")
    assert "Spring campaign" in page.inner_text(".marks")
    ((name, note),) = mock.notes.items()
    assert (name, note["kpis"]) == (f"spring-campaign-{day}", ["closed_won_deals"])


@pytest.mark.parametrize(("changed", "tone", "word"), [(False, "plain", "no clear change"), (True, "good", "better")])
def test_a_change_within_noise_is_no_change(visit: Any, mock: Mock, changed: bool, tone: str, word: str) -> None:
    """It keeps its arrow and amount, and loses its colour."""
    trend = {"change": 0.025, "points": 0.01, "margin": 0.05, "changed": changed}
    mock.forced["win_rate"] = {"value": 0.41, "previous": 0.4, "direction": "up", "trend": trend}
    change = tile_of(visit().open(MONTH), "win_rate").locator(".change")
    assert (change.get_attribute("data-tone"), word in change.inner_text()) == (tone, True)
