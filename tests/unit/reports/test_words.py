"""The words of mails: complete in every language, with the same blanks."""

import re
from importlib.resources import files
from typing import Any

import orjson
import pytest

from reports.report import LANGUAGES, ROWS, Language
from reports.words import words


def texts(package: str, language: Language) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(files(package).joinpath(f"lang/{language}.json").read_bytes())
    return found


def blanks(text: Any) -> set[str]:
    every = text.values() if isinstance(text, dict) else [text]
    return {name for one in every for name in re.findall(r"\{(\w+)\}", one)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_with_the_same_blanks(language: Language) -> None:
    """None more, none fewer; plurals have every form of the language."""
    english, own = texts("reports", "en"), texts("reports", language)

    assert own.keys() == english.keys()
    assert {key: blanks(text) for key, text in own.items()} == {key: blanks(text) for key, text in english.items()}
    for text in own.values():
        if isinstance(text, dict):
            assert set(text) >= set(words(language).locale.plural_form.tags)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_mails_are_not_those_of_the_page(language: Language) -> None:
    """No key stands in both, so that neither hides the other."""
    assert not texts("reports", language).keys() & texts("models", language).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kpi_has_a_title(language: Language) -> None:
    """In the words of the page."""
    assert all(words(language).has(f"kpi.{kpi}") for kpi in ROWS if ROWS[kpi].whole is not None)


def test_plurals_follow_the_language() -> None:
    """Ukrainian has three."""
    said = {"title": "X", "low": "1", "high": "2", "value": "2"}
    found = [words("uk")("mail.chart.week", count=count, **said).split(":")[0] for count in (3, 13, 21)]

    assert found == ["X, останні 3 тижні", "X, останні 13 тижнів", "X, останній 21 тиждень"]
