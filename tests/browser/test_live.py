"""The stream: drop and resume, polling, an unreachable server, pause."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.mock import Mock


def test_a_dropped_stream_resumes_where_it_was(visit: Any, mock: Mock) -> None:
    mock.streams.clear()
    page = visit().open()
    page.wait_for_timeout(600)
    mock.drop()
    page.wait_for_timeout(2500)
    assert [resumed is None for _, resumed in mock.streams] == [True, False]
    assert page.locator(".live").get_attribute("data-state") == "live"
    assert page.locator(".tile[data-state=loading]").count() == 0


def test_without_a_stream_the_snapshot_is_polled(visit: Any, mock: Mock) -> None:
    mock.trouble.add("refuse")
    page = visit().open(ready="")
    page.wait_for_selector(".tile[data-state=ok]", timeout=15_000)
    page.wait_for_selector(".live[data-state=polling]")
    mock.trouble.clear()
    page.wait_for_selector(".live[data-state=live]", timeout=15_000)
    mock.trouble.add("expected")


def test_numbers_stay_when_the_server_goes_away(visit: Any, mock: Mock) -> None:
    page = visit().open()
    mock.trouble.add("away")
    mock.drop()
    page.wait_for_selector(".live[data-state=offline]", timeout=20_000)
    assert "%" in page.locator("[data-kpi=win_rate] .value").inner_text()
    assert page.locator("[data-kpi=win_rate]").get_attribute("data-stale") == "true"


def test_a_bare_server_leaves_sentences_not_holes(visit: Any, mock: Mock) -> None:
    mock.trouble.add("bare")
    page = visit().open()
    page.wait_for_selector("[data-panel=sales_funnel] .panel-note")
    expect(page.locator("[data-panel=sales_funnel] .panel-note")).not_to_have_text("Loading …")
    assert "The server does not have this." in page.locator("[data-panel=sales_funnel]").inner_text()
    page.goto(f"{mock.url}/?tenant=nordbolt&kpi=win_rate")
    page.wait_for_selector(".explore .value span")
    page.wait_for_timeout(500)
    assert "The server does not have this." in page.locator("[data-panel=trend]").inner_text()


def test_segments_that_come_later_are_not_called_no_data_and_appear_by_themselves(visit: Any, mock: Mock) -> None:
    visitor = visit()
    page, empty = visitor.page, {"kpi": "closed_won_value", "window": "30d", "total": {"n": 7}, "dimensions": {}}
    page.clock.install()
    page.route("**/kpis/closed_won_value/segments*", lambda route: route.fulfill(json=empty))
    visitor.open()
    note = page.locator("[data-panel=closed_won_value_by_owner] .panel-note")
    expect(note).to_have_text("Not worked out yet")
    mock.trouble.add("silent")  # no newer numbers
    page.wait_for_timeout(500)
    page.unroute("**/kpis/closed_won_value/segments*")
    page.clock.run_for(21_000)
    page.wait_for_selector("[data-panel=closed_won_value_by_owner] .bar")


def test_a_page_opened_before_the_first_event_shows_the_board_by_itself(visit: Any, mock: Mock) -> None:
    visitor = visit()
    visitor.page.route("**/api/v1/tenants", lambda route: route.fulfill(json=[]))
    page = visitor.open("", ready=".gate")
    assert "No company has sent events yet" in page.locator(".gate").inner_text()
    page.unroute("**/api/v1/tenants")
    page.wait_for_selector(".tile[data-state=ok]")


def test_a_page_opened_before_the_server_shows_the_board_by_itself(visit: Any, mock: Mock) -> None:
    mock.trouble.add("away")
    page = visit().open("", ready=".gate")
    mock.trouble.clear()
    page.wait_for_selector(".tile[data-state=ok]")
    mock.trouble.add("expected")


def test_a_token_is_asked_for(visit: Any, mock: Mock) -> None:
    mock.trouble.add("forbidden")
    page = visit().open(ready=".gate")
    assert page.locator(".gate input[type=password]").is_visible()


def test_pause_holds_the_numbers(visit: Any) -> None:
    page = visit().open()
    page.keyboard.press("p")
    page.wait_for_selector(".live[data-state=paused]")
    page.wait_for_timeout(300)
    before = page.locator("[data-kpi=win_rate] .value").inner_text(), page.locator("[data-kpi=leads] .value").count()
    page.wait_for_timeout(1500)
    assert (page.locator("[data-kpi=win_rate] .value").inner_text(), before[1]) == before
    page.keyboard.press("p")
    page.wait_for_selector(".live[data-state=live]")


def test_screen_readers_are_told_at_most_each_30_seconds(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    page.evaluate(
        """() => {
          window.told = 0;
          const count = new MutationObserver(() => { window.told += 1; });
          count.observe(document.getElementById('announce'), { childList: true });
        }"""
    )
    page.wait_for_timeout(4000)
    assert page.evaluate("window.told") <= 1


def another_tab(page: Any) -> Any:
    """The same address once more, drawn."""
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector(".tile[data-state=ok]")
    return other


def test_tabs_of_a_board_share_one_stream(visit: Any, mock: Mock) -> None:
    mock.streams.clear()
    first = visit().open()
    second = another_tab(first)
    second.wait_for_selector(".live[data-state=live]")
    shown = second.locator("[data-kpi=win_rate] .value").inner_text()
    expect(second.locator("[data-kpi=win_rate] .value")).not_to_have_text(shown, timeout=15_000)  # it is still updated
    assert len(mock.streams) == 1
    first.close()
    second.wait_for_timeout(1500)
    assert len(mock.streams) == 2
    shown = second.locator("[data-kpi=win_rate] .value").inner_text()
    expect(second.locator("[data-kpi=win_rate] .value")).not_to_have_text(shown, timeout=15_000)
    assert second.locator(".live").get_attribute("data-state") == "live"


def test_a_paused_tab_leaves_the_stream_to_another(visit: Any, mock: Mock) -> None:
    mock.streams.clear()
    first = visit().open()
    second = another_tab(first)
    first.keyboard.press("p")
    first.wait_for_selector(".live[data-state=paused]")
    held = first.locator("[data-kpi=win_rate] .value").inner_text()
    shown = second.locator("[data-kpi=win_rate] .value").inner_text()
    expect(second.locator("[data-kpi=win_rate] .value")).not_to_have_text(shown, timeout=15_000)
    assert first.locator("[data-kpi=win_rate] .value").inner_text() == held
    assert len(mock.streams) == 2
    first.keyboard.press("p")
    first.wait_for_selector(".live[data-state=live]")
    expect(first.locator("[data-kpi=win_rate] .value")).not_to_have_text(held, timeout=15_000)
    assert len(mock.streams) == 2


def test_without_locks_each_tab_has_its_own_stream(visit: Any, mock: Mock) -> None:
    mock.streams.clear()
    visitor = visit()
    visitor.context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });")
    first = visitor.open()
    another_tab(first)
    assert len(mock.streams) == 2
