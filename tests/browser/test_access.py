"""For everybody: axe on every view in light and dark, 320 px, every language, TV mode, reduced motion."""

import itertools
from typing import Any

import pytest

from tests.browser.mock import Mock

VIEWS = {
    "sales": "", "marketing": "&board=marketing", "success": "&board=success", "ops": "&board=ops",
    "explore": "&kpi=closed_won_value", "ratio": "&kpi=win_rate&segment=owner:anna",
    "timeline": "&kpi=win_rate&subject=c-101", "month": "&kpi=mrr_churn&window=last_month&as_of=2026-06-02&step=month",
    "events": "&view=events", "connect": "&view=connect", "hubspot": "&view=connect&tab=hubspot",
}  # fmt: skip
READY = ".tile, .explore, .tail tr, .snippet"
LANGUAGES = ("en", "fi", "it", "uk", "sw")


OPENED = {  # parts of the ops board that a click opens
    "letters": ("[data-panel=dead_letters] button.link",),
    "letter": ("[data-panel=dead_letters] button.link", "dialog .letter"),
    "sure": ("[data-panel=dead_letters] .row.end button",),
    "verified": ("[data-panel=verify] .primary", "[data-panel=verify] .outcome"),
}


def settled(page: Any) -> None:
    page.wait_for_timeout(1200)


def opened(page: Any, view: str) -> None:
    for selector in OPENED[view]:
        page.locator(selector).first.click()
    settled(page)


def serious(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_has_no_serious_finding(visit: Any, view: str, scheme: str) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce").open(f"?tenant=nordbolt{VIEWS[view]}", ready=READY)
    settled(page)
    assert serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", OPENED)
def test_axe_has_no_serious_finding_in_what_is_opened(visit: Any, mock: Mock, view: str, scheme: str) -> None:
    mock.desk.outcome |= {"verified": False, "different": 1, "differences": ["nordbolt: published win_rate month"]}
    page = visit(color_scheme=scheme, reduced_motion="reduce").open("?tenant=nordbolt&board=ops", ready=".tile")
    opened(page, view)
    assert serious(page) == []


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("view", OPENED)
def test_what_is_opened_fits_320_px(visit: Any, view: str, language: str) -> None:
    page = visit(viewport={"width": 320, "height": 700}).open(
        f"?tenant=nordbolt&board=ops&lang={language}", ready=".tile"
    )
    opened(page, view)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    boxes = page.evaluate("[...document.querySelectorAll('dialog')].map((one) => one.scrollWidth - one.clientWidth)")
    assert all(more <= 0 for more in boxes)


@pytest.mark.parametrize("language", ["en", "fi", "uk"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_sideways_scroll_at_320_px(visit: Any, view: str, language: str) -> None:
    page = visit(viewport={"width": 320, "height": 700}).open(
        f"?tenant=nordbolt{VIEWS[view]}&lang={language}", ready=READY
    )
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_speaks_and_counts_its_own_way(visit: Any, language: str) -> None:
    page = visit().open(f"?tenant=nordbolt&lang={language}")
    settled(page)
    assert page.evaluate("document.documentElement.lang") == language
    headings = page.locator(".tile h3").all_inner_texts()
    known = page.evaluate(f"fetch('/static/lang/{language}.json').then((one) => one.json())")
    assert known["kpi.win_rate"] in headings
    assert known["board.sales"] == page.locator("h1").inner_text()
    decimal = {"en": ".", "fi": ",", "it": ",", "uk": ",", "sw": "."}[language]
    assert (
        decimal
        in page.locator("[data-kpi=win_rate] .change").inner_text()
        + page.locator("[data-kpi=touches_to_close] .value").inner_text()
    )


def test_the_language_is_kept_for_the_next_visit(visit: Any) -> None:
    page = visit().open()
    page.select_option("select[aria-label=Language]", "fi")
    page.wait_for_selector("h1:text-is('Myynti')")
    page.reload()
    page.wait_for_selector("h1:text-is('Myynti')")


def test_the_theme_can_be_chosen_and_is_there_at_first_paint(visit: Any) -> None:
    page = visit(color_scheme="light").open()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(2):
        page.click("button[aria-label^=Theme]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_landmarks_and_headings(visit: Any) -> None:
    page = visit().open()
    assert page.locator("header, main, nav[aria-label]").count() >= 3
    assert page.locator("h1").count() == 1
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((one) => Number(one.tagName[1]))")
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_tv_mode_has_no_controls_and_is_left_by_escape(visit: Any) -> None:
    page = visit(viewport={"width": 1920, "height": 1080}).open("?tenant=nordbolt&tv=1")
    assert not page.locator(".top").is_visible()
    assert page.locator(".tv-head .clock").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector(".top", state="visible")


def test_nothing_moves_for_those_who_ask_for_less_motion(visit: Any) -> None:
    page = visit(reduced_motion="reduce").open()
    assert page.evaluate("getComputedStyle(document.querySelector('.live .dot')).animationName") == "none"


def test_zoomed_to_200_percent_it_still_fits(visit: Any) -> None:
    page = visit(viewport={"width": 640, "height": 400}, device_scale_factor=2).open("?tenant=nordbolt&board=success")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
