"""What the page is made of: vendored code unchanged, languages complete, small enough for a quick first paint."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from kpis.catalog import CATALOG
from kpis.facts.touches import MOODS
from kpis.query.words import TEXTS

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static"
LANG = STATIC.parents[1] / "models" / "lang"
PAGE = STATIC.parent / "page"
SCRIPTS = sorted(PAGE.glob("js/**/*.js"))
LANGUAGES = ("en", "fi", "it", "uk", "sw")
PLURALS = {"en": {"one", "other"}, "fi": {"one", "other"}, "it": {"one", "many", "other"}, "sw": {"one", "other"},
           "uk": {"one", "few", "many", "other"}}  # fmt: skip
FAMILIES = (
    "board",
    "window",
    "window.short",
    "window.group",
    "step",
    "status",
    "verdict",
    "theme",
    "own.size",
    "pivot",
    "kind",
    "state",
    "chart",
    "letters",
    "fact",
    "mood",
    "events",
    "connect",
    "aim",
    "aim.unit",
    "note",
)


def words(language: str) -> dict[str, str | dict[str, str]]:
    """A language file; a key given twice is an error."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({key for key, _ in pairs}) == len(pairs)
        return dict(pairs)

    found: dict[str, str | dict[str, str]] = json.loads(
        (LANG / f"{language}.json").read_text(), object_pairs_hook=unique
    )
    return found


def forms(text: str | dict[str, str]) -> list[str]:
    """A text, or all its plural forms."""
    return [text] if isinstance(text, str) else list(text.values())


def boards() -> set[str]:
    """KPIs on the ready boards."""
    return set(
        re.findall(
            r'"([a-z_0-9]+)"', re.sub(r'panels: \[.*\]|title: "[^"]*"', "", (PAGE / "js" / "boards.js").read_text())
        )
    )


def test_vendored_files_are_what_was_reviewed() -> None:
    vendor = STATIC / "vendor" / "uplot"
    lines = (line.split("  ") for line in (vendor / "SHA256SUMS").read_text().splitlines())
    listed = {name: digest for digest, name in lines}
    assert set(listed) == {path.name for path in vendor.iterdir()} - {"SHA256SUMS"}
    assert "MIT" in (vendor / "LICENSE").read_text()
    for name, digest in listed.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_with_the_same_blanks(language: str) -> None:
    english, own = words("en"), words(language)
    assert set(own) == set(english)
    for key, text in own.items():
        blanks = {blank for form in forms(english[key]) for blank in re.findall(r"\{\w+\}", form)}
        for form in forms(text):
            assert form.strip(), key
            assert set(re.findall(r"\{\w+\}", form)) <= blanks, key
        if isinstance(text, dict):
            assert set(text) == PLURALS[language], key
        else:
            assert set(re.findall(r"\{\w+\}", text)) == blanks, key


def test_every_word_the_scripts_ask_for_is_there_and_none_is_left_over() -> None:
    source = "\n".join(path.read_text() for path in SCRIPTS)
    english = set(words("en"))
    asked = set(re.findall(r'\bt\("([a-zA-Z_.0-9]+)"', source))
    assert asked <= english
    quoted = (
        set(re.findall(r'"([a-z_]+(?:\.[a-zA-Z_0-9]+)+)"', source)) | asked | set(re.findall(r'"([a-z]+)"', source))
    )
    families = {
        key
        for key in english
        if any(key.startswith(f"{family}.") for family in (*FAMILIES, "kpi", "dimension", "value"))
    }
    assert english - quoted - families == set()


def test_kpis_on_the_boards_exist_and_all_have_a_title_in_every_language() -> None:
    ids = {row.id for row in CATALOG}
    assert len(boards()) > 40
    assert boards() <= ids
    for language in LANGUAGES:
        titles = {key.removeprefix("kpi.") for key in words(language) if key.startswith("kpi.")}
        assert titles == ids


def test_what_timelines_tell_is_translated_and_english_is_that_of_the_engine() -> None:
    told = {key.removeprefix("fact."): text for key, text in words("en").items() if key.startswith("fact.")}
    assert told == TEXTS
    assert {key.removeprefix("mood.") for key in words("en") if key.startswith("mood.")} == set(MOODS)


def test_english_titles_are_those_of_the_catalogue() -> None:
    titles = {row.id: row.title for row in CATALOG}
    assert {key: text for key, text in words("en").items() if key.startswith("kpi.")} == {
        key: titles[key.removeprefix("kpi.")] for key in words("en") if key.startswith("kpi.")
    }


def test_the_bundle_is_made_of_these_scripts_and_sheets() -> None:
    files = sorted(
        (path for path in PAGE.rglob("*") if path.is_file()), key=lambda path: path.relative_to(PAGE).as_posix()
    )
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    first = (STATIC / "app" / "main.js").read_text().partition("\n")[0]
    assert first == f"// make page: {digest}", "run `make page`"


def first_scripts() -> set[Path]:
    """What the page loads before anything is asked for: the entry, and what it imports at once."""
    found, new = set[Path](), [STATIC / "app" / "main.js"]
    while new:
        path = new.pop()
        found.add(path)
        imported = re.findall(r'(?:from|import)"(\./[^"]+|\.\./[^"]+)"', path.read_text())
        new += [one for name in imported if (one := (path.parent / name).resolve()) not in found]
    return found


def test_what_is_not_shown_at_first_is_loaded_later() -> None:
    """Else the budget below would be one of a part only."""
    later = set((STATIC / "app").rglob("*.js")) - first_scripts()
    assert {"explore", "ops", "connect"} <= {path.name.partition("-")[0] for path in later}
    assert len(first_scripts()) > 1


def test_first_paint_needs_less_than_65_kb() -> None:
    files = [
        STATIC / "index.html",
        STATIC / "icon.svg",
        STATIC / "early.js",
        STATIC / "app" / "page.css",
        *first_scripts(),
        LANG / "uk.json",
    ]
    assert sum(len(gzip.compress(path.read_bytes(), 6)) for path in files) < 65_000


def test_scripts_hold_no_markup_from_data() -> None:
    for path in SCRIPTS:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", path.read_text()), path
