"""Titles of the catalogue: what a board, a table and a reader have room for."""

from kpis.catalog import CATALOG


def test_titles_are_unique() -> None:
    """A reader tells KPIs apart by them."""
    titles = [kpi.title for kpi in CATALOG]
    assert len(set(titles)) == len(titles)


def test_titles_fit_a_column() -> None:
    """At most 40 characters, and they begin with a capital letter."""
    assert not [kpi.title for kpi in CATALOG if len(kpi.title) > 40 or not kpi.title[0].isupper()]
