"""The generated page of measures."""

from pathlib import Path

from docgen import ids, kpi_texts
from docgen.measures import page
from kpis.cells.declared import DECLARED

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"


def test_the_page_is_current() -> None:
    """docs/measures.md is what the declaration says today; `make docs` writes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_measure_is_on_the_page() -> None:
    """A line each."""
    lines = [line for line in page().splitlines() if line.startswith("| `")]
    assert [line for one, line in zip(DECLARED, lines, strict=False) if not line.startswith(f"| `{one.name}")] == []


def test_the_ids_that_settings_are_checked_against_are_current() -> None:
    """`make docs` writes them anew."""
    assert (PAGE.parents[1] / "models" / "kpi_ids.py").read_text(encoding="utf-8") == ids.module()
    assert (PAGE.parents[1] / "models" / "kpi_texts.json").read_text(encoding="utf-8") == kpi_texts.content()
