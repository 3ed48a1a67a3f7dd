"""Tiles: the eight states, and live numbers that neither flicker nor shift."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.mock import Mock

SHIFTS = """new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift = (window.shift ?? 0) + one.value;
}).observe({ type: "layout-shift", buffered: true });"""


def tile(page: Any, kpi: str) -> Any:
    return page.locator(f"[data-kpi={kpi}]")


@pytest.mark.parametrize(
    ("forced", "state", "value", "status"),
    [
        (
            {"value": None, "status": "no_data", "n": 0, "previous": None},
            "no_data",
            "No data in this period",
            "no data",
        ),
        ({"value": 0, "previous": 0}, "zero", "0%", "zero"),
        ({"status": "low_n", "n": 7}, "low_n", "%", "few data"),
        ({"status": "partial"}, "partial", "%", "incomplete"),
        ({"state": "corrected", "late_revised": 2}, "ok", "%", "corrected"),
        ({}, "absent", "Not available", "not published"),
    ],
)
def test_state(visit: Any, mock: Mock, forced: dict[str, Any], state: str, value: str, status: str) -> None:
    mock.forced["win_rate"] = forced
    page = visit().open("?tenant=nordbolt&window=7d")
    shown = tile(page, "win_rate")
    page.wait_for_selector(f"[data-kpi=win_rate][data-state={state}]")
    assert value in shown.locator(".value").inner_text()
    assert status in shown.locator(".status").inner_text()
    assert ("n 7" in shown.inner_text()) == (forced.get("n") == 7)


def test_zero_and_no_data_are_not_confused(visit: Any, mock: Mock) -> None:
    mock.forced = {"win_rate": {"value": None, "status": "no_data"}, "closed_won_deals": {"value": 0}}
    page = visit().open()
    assert "0" not in tile(page, "win_rate").locator(".value").inner_text()
    assert tile(page, "closed_won_deals").locator(".value").inner_text().strip() == "0"


def test_a_running_window_is_hatched_and_a_closed_one_is_not(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&window=month")
    assert tile(page, "win_rate").locator(".running").get_attribute("aria-label") == "still running"
    page.keyboard.press("t")
    page.goto(page.url.replace("today", "last_month"))
    page.wait_for_selector(".tile[data-state=ok]")
    assert page.locator(".running").count() == 0


def test_stale_numbers_stay_and_say_so(visit: Any, mock: Mock) -> None:
    page = visit().open()
    before = tile(page, "open_pipeline_value").locator(".figure").inner_text()
    mock.trouble.add("stale")
    page.wait_for_selector("[data-kpi=open_pipeline_value][data-stale=true]")
    # checked of a moment ago is older than what was there before, and is not taken back by it
    page.wait_for_selector(".live[data-state=stale]")
    assert tile(page, "open_pipeline_value").locator(".figure").inner_text() == before
    assert "stale" in tile(page, "open_pipeline_value").locator(".status").inner_text()
    assert "stale since" in page.locator(".live").inner_text()


def test_a_tenant_without_events_gets_the_next_step(visit: Any) -> None:
    page = visit().open("?tenant=tyhja", ready=".welcome")
    assert "crmkpi send --tenant tyhja" in page.locator(".welcome pre").inner_text()
    assert tile(page, "win_rate").get_attribute("data-state") == "empty"


def test_loading_is_a_skeleton_of_the_same_height(visit: Any, mock: Mock) -> None:
    visitor = visit()
    visitor.page.route("**/api/v1/*/stream*", lambda route: None)  # never answered
    visitor.open(ready="[data-kpi=win_rate][data-state=loading]")
    loading = tile(visitor.page, "win_rate").bounding_box()
    other = visit().open()
    assert tile(other, "win_rate").bounding_box()["height"] == loading["height"]
    mock.trouble.add("expected")


def test_live_numbers_change_in_place_without_flicker_or_shift(visit: Any) -> None:
    visitor = visit()
    visitor.page.add_init_script(SHIFTS)
    page = visitor.open()
    page.wait_for_selector(".funnel-step")
    page.wait_for_timeout(600)
    page.evaluate(
        """() => {
          window.shift = 0; window.blank = 0; window.paints = 0; window.values = new Set();
          const box = document.querySelector('[data-kpi=win_rate] .value');
          window.nodes = [...document.querySelectorAll('.tile')];
          new MutationObserver(() => {
            window.paints += 1;
            window.values.add(box.textContent);
            if (!box.textContent) window.blank += 1;
          })
            .observe(box, { childList: true, subtree: true, characterData: true });
        }"""
    )
    page.wait_for_timeout(5000)
    assert page.evaluate("window.values.size") >= 2
    assert page.evaluate("window.paints") <= 21  # four a second
    assert page.evaluate("window.blank") == 0
    assert page.evaluate("window.shift") < 0.01
    assert page.evaluate("window.nodes.every((one) => one.isConnected)")


def test_first_load_does_not_shift(visit: Any) -> None:
    visitor = visit()
    visitor.page.add_init_script(SHIFTS)
    page = visitor.open()
    page.wait_for_timeout(1500)
    assert page.evaluate("window.shift ?? 0") < 0.05


def test_a_change_of_window_keeps_the_old_numbers_until_the_new_ones_come(visit: Any) -> None:
    page = visit().open()
    page.evaluate(
        """() => { window.blank = 0; const box = document.querySelector('[data-kpi=closed_won_value] .value');
          const count = new MutationObserver(() => { if (!/\\d/.test(box.textContent)) window.blank += 1; });
          count.observe(box, { childList: true, subtree: true }); }"""
    )
    before = tile(page, "closed_won_value").locator(".figure").inner_text()
    page.keyboard.press("y")
    expect(tile(page, "closed_won_value").locator(".figure")).not_to_have_text(before)
    assert page.evaluate("window.blank") == 0
    assert "window=year" in page.url


def test_change_is_told_by_word_arrow_and_direction(visit: Any, mock: Mock) -> None:
    mock.forced = {
        "win_rate": {"value": 0.3, "previous": 0.25}, "sales_cycle_days": {"value": 50, "previous": 40},
        "closed_won_deals": {"value": 5, "previous": 5}, "closed_won_value": {"value": "90.00", "previous": "100.00"},
        "touches_to_close": {"value": 4, "previous": None},
    }  # fmt: skip
    page = visit().open("?tenant=nordbolt&window=7d")
    expect(tile(page, "touches_to_close").locator(".change")).to_contain_text("no earlier value")
    said = {kpi: tile(page, kpi).locator(".change").inner_text() for kpi in mock.forced}
    assert "↑ 5 pt" in said["win_rate"]
    assert "better" in said["win_rate"]
    assert "↑ 25%" in said["sales_cycle_days"]
    assert "worse" in said["sales_cycle_days"]
    assert "unchanged" in said["closed_won_deals"]
    assert "↓ 10%" in said["closed_won_value"]
    assert "worse" in said["closed_won_value"]
    assert "no earlier value" in said["touches_to_close"]


def test_a_number_that_comes_after_its_tile_says_that_there_is_no_earlier_value(visit: Any, mock: Mock) -> None:
    mock.trouble.add("slow")
    mock.forced = {"touches_to_close": {"value": 4, "previous": None}}
    page = visit().open("?tenant=nordbolt&window=7d", ready=".tile[data-state=loading]")
    expect(tile(page, "touches_to_close").locator(".change")).to_contain_text("no earlier value")


def test_a_kpi_without_the_window_is_shown_in_the_nearest_and_says_which(visit: Any) -> None:
    page = visit().open()
    page.wait_for_selector("[data-kpi=lead_abandonment_rate] .figure")
    assert "All time" in tile(page, "lead_abandonment_rate").locator(".status").inner_text()


def test_info_shows_formula_and_division(visit: Any) -> None:
    page = visit().open()
    page.click("[data-kpi=win_rate] .info")
    text = page.locator("dialog").inner_text()
    assert "won / (won + lost)" in text
    assert "÷" in text
    assert "540" in text
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "info"
