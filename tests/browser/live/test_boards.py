"""Every board on real data: with numbers, in light and dark, narrow, in each language, for everybody."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.live.conftest import Visits
from tests.browser.live.looks import BOARDS, PARTS, TENANT, settled

LANG = Path(__file__).resolve().parents[3] / "models" / "lang"
LANGUAGES = ("en", "fi", "it", "uk", "sw")
EMPTY = {"social_sentiment"}  # a day without any mention happens
VIEWS = {**{board: f"?board={board}" for board in BOARDS}, "explore": "?kpi=win_rate", "money": "?kpi=closed_won_value"}
TEXTS = """() => {
  const own = (node) => node.tagName !== 'NOSCRIPT' && !node.closest('[lang]:not(html)'); // names of languages
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walk.nextNode()) if (own(walk.currentNode.parentElement)) found.add(walk.currentNode.textContent.trim());
  for (const name of ['title', 'aria-label', 'placeholder']) {
    for (const one of document.querySelectorAll(`[${name}]`)) if (own(one)) found.add(one.getAttribute(name).trim());
  }
  return [...found].filter(Boolean);
}"""


def words(language: str) -> dict[str, list[str]]:
    """Texts by key; all plural forms."""
    found = json.loads((LANG / f"{language}.json").read_text())
    return {key: [text] if isinstance(text, str) else list(text.values()) for key, text in found.items()}


def left_over(language: str) -> list[re.Pattern[str]]:
    """English texts that are others in this language, as patterns; those without a word of their own are left out."""
    english, own = words("en"), words(language)
    ours = {text for texts in own.values() for text in texts}
    texts = {text for key, forms in english.items() for text in forms if text not in ours and text not in own[key]}
    plain = [text for text in texts if re.search(r"[A-Za-z]{4}", re.sub(r"\{\w+\}", "", text))]
    return [re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(text))) for text in plain]


def test_the_demo_opens_with_a_company_that_has_something_to_show(visit: Visits) -> None:
    page = visit().open("")
    assert page.locator(".top select >> nth=0").input_value() == TENANT


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("board", BOARDS)
def test_a_board_has_numbers(visit: Visits, shots: Path, board: str, scheme: str) -> None:
    page = visit(color_scheme=scheme).open(f"?board={board}")
    settled(page)
    found = page.evaluate(PARTS)
    page.screenshot(path=shots / f"{board}-{scheme}.png", full_page=True)
    without = [one for one in found["tiles"] if not re.search(r"\d", one["value"])]
    assert [one for one in without if one["kpi"] not in EMPTY] == []
    assert [one for one in found["panels"] if one["note"]] == []
    assert found["tiles"]


@pytest.mark.parametrize("view", VIEWS)
def test_no_sideways_scroll_at_320_px(visit: Visits, shots: Path, view: str) -> None:
    page = visit(viewport={"width": 320, "height": 700}).open(VIEWS[view])
    settled(page)
    page.screenshot(path=shots / f"{view}-320.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_has_no_serious_finding(visit: Visits, shots: Path, view: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    page = visit(color_scheme=scheme, reduced_motion="reduce").open(VIEWS[view])
    settled(page)
    page.wait_for_timeout(1000)
    if view not in BOARDS:
        page.screenshot(path=shots / f"{view}-{scheme}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    serious = [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]
    assert serious == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_no_english_left_over(visit: Visits, shots: Path, language: str) -> None:
    page = visit().open(f"?lang={language}")
    patterns = left_over(language)
    assert len(patterns) > 300 or language == "en"
    for view, query in VIEWS.items():
        page.goto(page.url.split("?")[0] + f"{query}&lang={language}")
        page.wait_for_selector(".tile[data-state=ok], .explore .value span")
        settled(page)
        page.screenshot(path=shots / f"{view}-{language}.png", full_page=True)
        assert page.evaluate("document.documentElement.lang") == language
        texts = page.evaluate(TEXTS)
        assert len(texts) > 60
        assert {text for text in texts if any(one.fullmatch(text) for one in patterns)} == set()


def test_a_browser_with_another_language_is_greeted_in_it(visit: Visits) -> None:
    page: Any = visit(locale="fi-FI").open("")
    assert page.evaluate("document.documentElement.lang") == "fi"
    assert page.locator("h1").inner_text() == "Myynti"
