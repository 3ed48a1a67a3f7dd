"""The generated page of KPIs."""

from pathlib import Path

from docgen.index import GROUPS, page
from kpis.catalog import CATALOG

PAGE = Path(__file__).parents[2] / "docs" / "kpis.md"


def test_the_page_is_current() -> None:
    """docs/kpis.md is what the catalogue says today; `make docs` writes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")


def test_every_group_begins_with_a_row_of_the_catalogue() -> None:
    """A group whose first row is gone or renamed would swallow its rows into the group before."""
    ids = [kpi.id for kpi in CATALOG]

    assert sorted(GROUPS, key=ids.index) == list(GROUPS)
    assert next(iter(GROUPS)) == ids[0]


def test_every_kpi_is_on_the_page_once() -> None:
    """A row of the table for each row of the catalogue."""
    lines = page().splitlines()

    assert all(sum(line.startswith(f"| [`{kpi.id}`](kpis/") for line in lines) == 1 for kpi in CATALOG)
