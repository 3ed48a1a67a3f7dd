"""Numbers as spreadsheets of several countries write them."""

import pytest

from cli.faults import RowError
from cli.figures import Evidence, Mark, figure


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1.234,50", "", "1234.50"),
        ("1,234.50", "", "1234.50"),
        ("1 234,50", "", "1234.50"),
        ("1\u202f234,50 €", "", "1234.50"),
        ("CHF 1'234.50", "", "1234.50"),
        ("1,23,456.50", "", "123456.50"),
        ("1.234.567", "", "1234567"),
        ("0.125", "", "0.125"),
        ("12,5", "", "12.5"),
        (",5", "", "0.5"),
        ("1234.567", "", "1234.567"),
        ("2.000", ",", "2000"),
        ("2.000", ".", "2.000"),
        ("1,250", ".", "1250"),
        ("1,250", ",", "1.250"),
        ("-12.50", "", "-12.50"),
        ("(12.50)", "", "-12.50"),
        ("12,50-", "", "-12.50"),
        ("\u221212", "", "-12"),
        ("US$ 10", "", "10"),
        ("10 kr.", "", "10"),
    ],
)
def test_what_can_be_read_in_one_way_is_read_so(text: str, decimal: Mark, value: str) -> None:
    """Thousands marks, blanks of all widths, signs before and behind."""
    assert figure(text, decimal).text == value


@pytest.mark.parametrize("text", ["2.000", "1,250", "$ 999.999", "-1,000"])
def test_what_can_be_read_in_two_ways_is_refused_with_the_words_to_add(text: str) -> None:
    """Two, or two thousand?"""
    with pytest.raises(RowError, match="decimal = "):
        figure(text, "")


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("12,50", "."),
        ("1.2.3", ""),
        ("1,2,3.4.5", ""),
        ("12.34", ","),
        ("1e5", ""),
        ("1_000", ""),
        ("NaN", ""),
        ("１２", ""),
        ("12 or 13", ""),
        ("--5", ""),
        ("5 apples", ""),
        ("", ""),
        ("-", ""),
        ("1.234,5.6", ""),
    ],
)
def test_what_is_no_number_is_refused(text: str, decimal: Mark) -> None:
    """Nothing is read up to where it can be read."""
    with pytest.raises(RowError):
        figure(text, decimal)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["2.000", "10", "1.234,50"], ","),
        (["2,000", "3.5"], "."),
        (["2.000", "10"], ""),
        (["1,5", "1.5"], ""),
        (["1.000.000"], ","),
    ],
)
def test_a_file_proves_its_decimal_mark_by_cells_that_read_in_one_way(cells: list[str], mark: str) -> None:
    """And proves none where its cells contradict each other."""
    evidence = Evidence()
    for cell in cells:
        evidence.look(cell)

    assert evidence.mark == mark
