"""The generated pages: every KPI has one, it is current, and its worked example is true."""

from pathlib import Path

import pytest

from docgen import guides
from docgen.example import pick, run
from docgen.page import page
from docgen.texts import load_texts
from kpis.catalog import CATALOG
from tests.property.examples import EXAMPLES

DOCS = Path(__file__).parents[2] / "docs"
TEXTS = load_texts()
IDS = [kpi.id for kpi in CATALOG]


@pytest.mark.parametrize("kpi", TEXTS)
def test_the_worked_example_is_true(kpi: str) -> None:
    """The engine says what the page states."""
    example = TEXTS[kpi].example
    documents = run(example)
    assert any(name.startswith(kpi) for name in example.expect)
    for name, wanted in example.expect.items():
        found = pick(documents, name)
        assert found is not None, name
        exact = isinstance(wanted, float)
        assert found["value"] == (pytest.approx(wanted, rel=1e-6) if exact else wanted), (name, found)


@pytest.mark.parametrize("kpi", TEXTS)
def test_the_page_is_current(kpi: str) -> None:
    """`make docs` writes it anew."""
    assert (DOCS / "kpis" / f"{kpi}.md").read_text(encoding="utf-8") == page(kpi, TEXTS[kpi])


def test_every_kpi_has_its_place() -> None:
    """On a page of its own or among another's variants, once; and there are no pages of others."""
    said = [name for kpi, text in TEXTS.items() for name in (kpi, *text.variants)]
    assert sorted(said) == sorted(IDS)
    assert {path.stem for path in (DOCS / "kpis").glob("*.md")} == set(TEXTS)


def test_the_guides_are_answered_and_proved() -> None:
    """Each thing the guides ask for has KPIs with a page and stories that exist; no page stands for nothing asked."""
    asked = guides.load_asks()
    assert (DOCS / "guides.md").read_text(encoding="utf-8") == guides.page()
    assert {kpi for ask in asked for kpi in ask.kpis} == set(TEXTS), "name it in the kpis of an [[ask]] in guides.toml"
    for ask in asked:
        assert ask.proofs, ask.asks
        assert set(ask.proofs) <= set(EXAMPLES), ask.asks
