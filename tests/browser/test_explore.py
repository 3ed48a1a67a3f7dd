"""From a tile to its chart, its segments, its members and one customer, by mouse, keyboard and Back."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.keyboard import tab_to
from tests.browser.mock import Mock

OUTLINE = """() => {
  const one = document.activeElement;
  const shown = one.matches(".tile-link") ? one.closest(".tile") : one;
  return getComputedStyle(shown).outlineStyle;
}"""


def test_back_returns_through_every_step(visit: Any) -> None:
    page = visit().open()
    page.click("[data-kpi=win_rate] .tile-link")
    page.wait_for_selector("[data-dimension=owner] a")
    page.click("[data-dimension=owner] a >> nth=0")
    page.wait_for_selector(".crumbs .chip")
    assert "segment=owner:anna" in page.url
    page.wait_for_selector("[data-panel=win_rate_members] tbody a")
    page.click("[data-panel=win_rate_members] tbody a >> nth=0")
    page.wait_for_selector("dialog.drawer .fact")
    page.go_back()
    page.wait_for_selector("dialog.drawer", state="detached")
    page.go_back()
    page.wait_for_selector(".crumbs .chip", state="detached")
    page.go_back()
    page.wait_for_selector(".board[data-board=sales]")
    page.go_forward()
    page.wait_for_selector("[data-explore=win_rate]")


def test_a_link_shows_what_its_sender_saw(visit: Any) -> None:
    page = visit().open(
        "?tenant=kirjo-cloud&window=quarter&kpi=closed_won_value&segment=owner:mira&step=week&style=line&zero=1"
    )
    page.wait_for_selector(".u-over")
    assert page.locator("[data-control=week]").get_attribute("aria-pressed") == "true"
    assert page.locator("[data-control=line]").get_attribute("aria-pressed") == "true"
    assert page.locator("[data-control=zero]").get_attribute("aria-pressed") == "true"
    assert "mira" in page.locator(".crumbs").inner_text()
    assert page.locator(".top select >> nth=0").input_value() == "kirjo-cloud"


def test_the_keyboard_alone_reaches_a_customer(visit: Any) -> None:
    page = visit().open()

    def reach(selector: str) -> None:
        tab_to(page, selector, 160)
        assert page.evaluate(OUTLINE) != "none"

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    reach("[data-kpi=win_rate] .tile-link")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-panel=win_rate_members] tbody a")
    reach("[data-panel=win_rate_members] tbody a")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.drawer .fact")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.drawer", state="detached")
    assert "subject" not in page.url
    page.keyboard.press("b")
    page.wait_for_selector(".board[data-board=sales]")


def test_the_chart_has_a_name_a_sentence_and_a_table(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=win_rate")
    page.wait_for_selector(".u-over")
    name = page.locator(".chart-box").get_attribute("aria-label")
    assert "Win rate" in name
    assert "Highest" in name
    page.click("[data-control=table]")
    rows = page.locator("[data-panel=trend] tbody tr")
    assert rows.count() == 30
    assert "still running" in rows.first.inner_text()
    assert "few data" in page.locator("[data-panel=trend] tbody").inner_text()  # of days with few observations


def test_one_chart_only_after_every_change(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=closed_won_value")
    page.wait_for_selector(".u-over")
    for control in ("week", "line", "compare", "zero", "bars", "month"):
        page.click(f"[data-control={control}]")
    page.wait_for_timeout(500)
    assert page.locator(".chart-box .uplot").count() == 1
    assert "step=month" in page.url
    assert "compare=0" in page.url


def test_csv_and_png_can_be_saved(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=closed_won_value")
    page.wait_for_selector(".u-over")
    with page.expect_download() as saved:
        page.click("[data-panel=trend] button[aria-label='Save as CSV']")
    lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Day,")
    assert len(lines) == 31
    with page.expect_download() as saved:
        page.click("[data-panel=trend] >> text=PNG")
    assert Path(saved.value.path()).read_bytes()[:4] == b"\x89PNG"


def test_members_are_paged_and_counted(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=win_rate")
    page.wait_for_selector("[data-panel=win_rate_members] .pager")
    text = page.locator("[data-panel=win_rate_members]").inner_text()
    assert "540 members" in text
    assert "the n of 540 shown above" in text
    page.click("[data-panel=win_rate_members] >> text=Next")
    page.wait_for_selector(".pager:has-text('16–30')")
    assert "offset=15" in page.url


def test_a_pivot_of_two_dimensions(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=win_rate&rows=country&columns=owner")
    page.wait_for_selector("[data-panel=win_rate_crossed] tbody tr")
    text = page.locator("[data-panel=win_rate_crossed]").inner_text()
    assert "Germany" in text
    assert "anna" in text


def test_find_a_kpi_by_keyboard(visit: Any) -> None:
    page = visit().open()
    page.keyboard.press("/")
    page.keyboard.type("stale deals")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-explore=win_rate_incl_stale]")


def test_keys_choose_boards_and_windows(visit: Any) -> None:
    page = visit().open()
    for key, board in (("2", "marketing"), ("3", "success"), ("4", "ops"), ("1", "sales")):
        page.keyboard.press(key)
        page.wait_for_selector(f".board[data-board={board}]")
    page.keyboard.press("m")
    assert "window=month" in page.url


def test_an_own_board_is_saved_shown_and_deleted(visit: Any, mock: Mock) -> None:
    page = visit().open()
    page.click("button[aria-label='New board']")
    page.fill("input[placeholder='Name of the board']", "Mondays")
    page.fill("dialog input[type=search]", "win rate")
    page.click(".finder label >> nth=0")
    page.click(".finder label >> nth=0")
    page.click("dialog >> text=Save")
    page.wait_for_selector(".board[data-board=own] .tile[data-state=ok]")
    assert [one["kpi"] for one in mock.boards["mondays"]["tiles"]] == ["win_rate", "win_rate_value"]
    assert page.locator(".tabs-list a[aria-current=page]").inner_text() == "Mondays"
    page.click("main >> text=Edit board")
    with page.expect_download() as saved:
        page.click("text=Export JSON")
    assert json.loads(Path(saved.value.path()).read_text())["title"] == "Mondays"
    page.click("dialog >> text=Delete board")
    page.wait_for_selector(".board[data-board=sales]")
    assert mock.boards == {}


def test_a_cell_of_the_cohorts_opens_those_who_stayed(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=cohort_retention", ready=".cohorts td a")
    assert "Choose a cell" in page.locator("[data-panel=cohort_retention_members]").inner_text()
    page.click(".cohorts tbody tr >> nth=2 >> td a >> nth=1")
    page.wait_for_selector("[data-panel=cohort_retention_members] tbody a")
    assert "segment=cohort:" in page.url
    assert "%" in page.locator(".headline .value").inner_text()


def test_a_kpi_without_days_has_a_sparkline_of_weeks(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&board=success")
    page.wait_for_selector("[data-kpi=customer_churn_rate] .spark svg")
    assert "26 weeks" in page.locator("[data-kpi=customer_churn_rate] .spark svg").get_attribute("aria-label")


def test_a_cell_of_the_movements_opens_the_customers_behind_it(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&board=success", ready=".moves-table td a")
    churned = page.locator(".moves-table tbody tr", has_text="Churn MRR")
    assert churned.locator("a").count() == 12
    cell = churned.locator("td a").nth(5)
    month, shown = page.locator(".moves-table thead th").nth(6).inner_text(), cell.inner_text()
    assert month.split()[0] in str(cell.get_attribute("aria-label"))
    cell.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-panel=mrr_churn_members] tbody a")
    assert "as_of=" in page.url
    assert page.locator(".headline .value").inner_text() == shown.removeprefix("-")
    said = page.locator("[data-panel=mrr_churn_members] .takeaway").inner_text()
    assert shown.removeprefix("-") in said.replace(".00", "")
    assert "23 members" in said
    rows = page.locator("[data-panel=mrr_churn_members] tbody tr").all_inner_texts()
    page.click("[data-panel=mrr_churn_members] >> text=Next")
    page.wait_for_selector(".pager:has-text('16–23')")
    rows += page.locator("[data-panel=mrr_churn_members] tbody tr").all_inner_texts()
    amounts = [re.findall(r"[\d,]+\.\d\d", row)[-1].replace(",", "") for row in rows]
    assert len(rows) == 23
    assert round(sum(map(float, amounts))) == float(re.sub(r"[^\d.]", "", shown))
    assert page.locator("[data-dimension]").count() == 0  # segments are of the present
    assert month.split()[0] in page.locator(".crumbs .chip").inner_text()
    page.click("button[aria-label='Back to the present']")
    page.wait_for_selector("[data-dimension=source] a")
    assert "as_of" not in page.url
    for _ in range(3):
        page.go_back()
    page.wait_for_selector(".board[data-board=success]")


def test_a_moment_goes_with_its_window(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&kpi=mrr_new&window=last_month&as_of=2026-06-02&step=month")
    assert "May 2026" in page.locator(".crumbs .chip").inner_text()
    page.keyboard.press("m")
    page.wait_for_selector(".crumbs .chip", state="detached")
    assert "as_of" not in page.url


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Deal won", "Deal moved to Negotiation", "Mentioned us (positive)", "Viewed /pricing")),
        ("fi", ("Kauppa voitettu", "Mainitsi meidät (myönteinen)", "Vastasi 9 asteikolla 0-10: suosittelisiko?")),
        ("uk", ("Угоду виграно", "Перегляд /pricing", "Згадка про нас (позитивно)")),
    ],
)
def test_a_timeline_speaks_the_pages_language(visit: Any, language: str, words: tuple[str, ...]) -> None:
    page = visit().open(f"?tenant=nordbolt&kpi=win_rate&subject=c-101&lang={language}")
    page.wait_for_selector("dialog.drawer .fact")
    text = page.locator("dialog.drawer").inner_text()
    assert not [one for one in words if one not in text]
    assert "Call, connected, 12 minutes" in text  # what the page has no words for stays as it came


def test_a_formula_says_that_it_is_in_english(visit: Any) -> None:
    page = visit().open("?tenant=nordbolt&lang=fi")
    page.click("[data-kpi=win_rate] .info")
    assert "Kaava (englanniksi)" in page.locator("dialog").inner_text()
    assert page.locator("dialog .formula").get_attribute("lang") == "en"
