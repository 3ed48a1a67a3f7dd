"""Mails write numbers as the page does: a browser writes the same values in the same languages."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from reports.change import change_of
from reports.format import Numbers
from reports.report import LANGUAGES, Language
from reports.words import words

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS, LANG = ROOT / "dashboard" / "page" / "js", ROOT / "models" / "lang"
# No step between two of them is half of a digit shown: there a browser's doubles go either way, and mails are exact.
RATIOS = [0, 1, -1, 0.274, 0.5, 0.0627, 0.00085, 0.000004, 0.034, 0.9951, 3.14159, 9.999, 10.5, 15.0429, 0.01047]
AMOUNTS = ["0.00", "0.10", "-119.37", "-1119.37", "999.99", "1000.00", "58071.49", "9999999.99", "12345678.50"]
OTHERS: dict[str, list[Any]] = {
    "count": [0, 1, 999, 1000, 1195, 9_999_999, 12_345_678],
    "number": [0, 0.5, 1.0051, 2.0150375, 1234.5],
    "index": [0, 50.0, -3.25, 0.034, 100],
    "score": [5.785, 0],
    "days": [0, 1, 1.0, 2.5, 21.5, 99.95, 100, 365],
    "hours": [0, 0.04, 8.045, 25.55, 120],
    "seconds": [0, 1, 5.5, 9.96, 61, 119.6, 300.82, 7199, 7200, 90_000, 200_000],
}
DOCUMENTS: list[dict[str, Any]] = [
    *({"unit": "ratio", "value": one, "kpi": "win_rate"} for one in RATIOS),
    *({"unit": "ratio", "value": one, "kpi": "quick_ratio"} for one in RATIOS),
    *(
        {"unit": unit, "value": one, "currency": "EUR", "kpi": "mrr"}
        for unit in ("money", "money/day")
        for one in AMOUNTS
    ),
    *({"unit": unit, "value": one, "kpi": "x"} for unit, values in OTHERS.items() for one in values),
]
CHANGES: list[dict[str, Any]] = [
    {**one, "value": two["value"], "previous": one["value"], "direction": "up"}
    for one in DOCUMENTS for two in DOCUMENTS
    if (one["unit"], one["kpi"]) == (two["unit"], two["kpi"])
]  # fmt: skip
TOLD = """async ([language, documents]) => {
  await (await import("/js/i18n.js")).load(language);
  const [format, change] = [await import("/js/format.js"), await import("/js/change.js")];
  return documents.map((one) => "previous" in one ? change.changeOf(one)?.amount ?? "" : format.text(one.value, one));
}"""


@pytest.fixture(scope="module")
def scripts(browser: Any) -> Iterator[Any]:
    """A page that can load the scripts of ours."""
    context = browser.new_context(locale="en-GB")
    context.route("**/*", answer)
    page = context.new_page()
    page.goto("http://page.example/")
    yield page
    context.close()


def answer(route: Any) -> None:
    """Scripts and words from their folders."""
    path = urlsplit(route.request.url).path
    if path.startswith("/js/"):
        route.fulfill(body=(SCRIPTS / path.removeprefix("/js/")).read_text(), content_type="text/javascript")
    elif path.startswith("/static/lang/"):
        route.fulfill(path=LANG / path.removeprefix("/static/lang/"))
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_is_written_as_on_the_page(scripts: Any, language: Language) -> None:
    """Every unit, every size."""
    numbers, page = Numbers(words(language)), scripts.evaluate(TOLD, [language, DOCUMENTS])
    ours = [numbers.text(one["value"], one) for one in DOCUMENTS]

    assert differing(DOCUMENTS, ours, page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_change_is_as_large_as_on_the_page(scripts: Any, language: Language) -> None:
    """In points or per cent, with as many digits."""
    said = words(language)
    numbers, page = Numbers(said), scripts.evaluate(TOLD, [language, CHANGES])
    found = [change_of(one, said, numbers) for one in CHANGES]
    ours = [one.amount if one else "" for one in found]

    assert differing(CHANGES, ours, page) == []


def differing(documents: list[dict[str, Any]], ours: list[str], page: list[str]) -> list[Any]:
    """Values that are written in two ways."""
    pairs = zip(documents, ours, page, strict=True)
    return [(one, mail, browser) for one, mail, browser in pairs if bare(mail) != bare(browser)]


def bare(text: str) -> str:
    """Without the kinds of blanks, minus and currency signs, and capitals that versions of the same data differ in."""
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("EUR", "€")
    return re.sub(r"\s+", "", text).casefold()
