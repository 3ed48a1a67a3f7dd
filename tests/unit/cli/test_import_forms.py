"""Forms in which tables are exported: read right, or refused with the line and the word that mends it."""

from pathlib import Path

import pytest

from tests.unit.cli.importing import HEADINGS, MAPPING, amounts, events, imported

ROW = "A1,Zoë,Paid,12.50,2026-06-01"


def table(*rows: str, delimiter: str = ",", end: str = "\n") -> str:
    """Headings and rows."""
    return end.join([HEADINGS, *rows, ""]).replace(",", delimiter)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r\n"), ("|", "\r")])
def test_unicode_and_delimiters_are_found_out_and_said(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    """With and without a mark of byte order; line ends of all systems."""
    result = imported(tmp_path, table(ROW, delimiter=delimiter, end=end).encode(encoding))

    assert events(result)[0]["data"]["customer_id"] == "Zoë"
    assert encoding.removesuffix("-sig") in result.stderr
    assert ("tabs" if delimiter == "\t" else repr(delimiter)) in result.stderr


@pytest.mark.parametrize(
    ("encoding", "name", "guess"),
    [("cp1252", "Zoë", "cp1252"), ("cp1252", "Käyttäjä Oy", "cp1252"), ("cp1252", "Straße & Söhne", "cp1252")],
)
def test_other_encodings_are_refused_with_a_guess_and_read_once_declared(
    tmp_path: Path, encoding: str, name: str, guess: str
) -> None:
    """A guess may be wrong without anybody noticing, so it is only said."""
    text = table("A1,Ann,Paid,1,2026-06-01", f"A2,{name},Paid,2,2026-06-01").encode(encoding)
    refused = imported(tmp_path, text)

    assert refused.exit_code == 2
    assert "orders.csv, line 3: not UTF-8" in refused.stderr
    assert f'encoding = "{guess}"' in refused.stderr
    again = imported(tmp_path, text, mapping=f'encoding = "{guess}"\n{MAPPING}')
    assert events(again)[1]["data"]["customer_id"] == name


def test_a_declared_encoding_that_the_file_contradicts_is_refused(tmp_path: Path) -> None:
    """So is one nobody knows."""
    text = table(ROW).encode("utf-8-sig")

    assert imported(tmp_path, text, mapping=f'encoding = "cp1252"\n{MAPPING}').exit_code == 2
    assert "not known" in imported(tmp_path, text, mapping=f'encoding = "klingon"\n{MAPPING}').stderr


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"'])
def test_the_line_that_names_the_delimiter_is_read(tmp_path: Path, first: str) -> None:
    """Line numbers count it."""
    good = table(ROW, "A2,Ann,Paid,broken,2026-06-01", delimiter=";")
    result = imported(tmp_path, f"{first}\r\n{good}")

    assert amounts(result, 1) == ["12.50"]
    assert "orders.csv, line 4:" in result.stderr


@pytest.mark.parametrize("total", ["1.234,50", "1 234,50", "1\u00a0234,50 €", "EUR 1.234,50"])
def test_a_file_whose_numbers_prove_a_decimal_comma_is_read_with_it(tmp_path: Path, total: str) -> None:
    """Then 2.000 is two thousand."""
    rows = (f"A1;a;Paid;{total};2026-06-01", "A2;a;Paid;2.000;2026-06-01", "")
    result = imported(tmp_path, "\n".join([HEADINGS.replace(",", ";"), *rows]))

    assert amounts(result) == ["1234.50", "2000"]
    assert "decimal comma" in result.stderr


@pytest.mark.parametrize(("decimal", "value"), [(",", "2000"), (".", "2.000")])
def test_an_amount_that_may_be_two_is_refused_until_the_mapping_decides(
    tmp_path: Path, decimal: str, value: str
) -> None:
    """Two, or two thousand?"""
    text = table("A1,a,Paid,2.000,2026-06-01", "A2,a,Paid,3,2026-06-01")
    unsaid = imported(tmp_path, text)

    assert amounts(unsaid, 1) == ["3"]
    assert "line 2: amount: '2.000' may be read in two ways" in unsaid.stderr
    assert amounts(imported(tmp_path, text, mapping=f'decimal = "{decimal}"\n{MAPPING}'))[0] == value


def test_dates_of_several_forms(tmp_path: Path) -> None:
    """One with, one without a time of day, and one of an earlier version of the tool."""
    forms = 'date_formats = ["%d.%m.%Y", "%d %b %Y"]\n'
    text = table(
        "A1,a,Paid,1,01.06.2026 14:30",
        "A2,a,Paid,1,02.06.2026",
        "A3,a,Paid,1,3 Jun 2026",
        "A4,a,Paid,1,06/04/2026",
    )
    result = imported(tmp_path, text, mapping=forms + MAPPING)

    assert [event["time"] for event in events(result, 1)] == [
        "2026-06-01T14:30:00+03:00",
        "2026-06-02T00:00:00+03:00",
        "2026-06-03T00:00:00+03:00",
    ]
    assert "line 5: Date: '06/04/2026' is not a date or time of the form %d.%m.%Y or %d %b %Y" in result.stderr


@pytest.mark.parametrize("heading", ["Customer", "Total", " Customer "])
def test_a_column_that_is_there_twice_is_refused_by_name(tmp_path: Path, heading: str) -> None:
    """One that the mapping does not read may be there as often as it likes."""
    text = f"{HEADINGS},{heading},Note,Note\n{ROW},x,,\n"
    result = imported(tmp_path, text)

    assert result.exit_code == 2
    assert f"two columns '{heading.strip()}'" in result.stderr
    assert amounts(imported(tmp_path, text.replace(f"Date,{heading}", "Date,Other"))) == ["12.50"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("A2,Smith, John,Paid,1,2026-06-01", "6 cells under 5 headings"),
        ("A2,Ann,Paid,1", "4 cells under 5 headings"),
        ("Total", "1 cells under 5 headings"),
        ("A2,Ann,Paid,1,2026-06-01,extra", "6 cells under 5 headings"),
        ("A2,Ann,Paid,1,", "{Date} is empty"),
        (",Ann,Paid,1,2026-06-01", "is empty"),
    ],
)
def test_a_row_that_does_not_fit_the_headings_is_left_out_by_name(tmp_path: Path, row: str, why: str) -> None:
    """A footer, a row cut off, a delimiter without quotes; the others go on."""
    result = imported(tmp_path, table(ROW, row))

    assert amounts(result, 1) == ["12.50"]
    assert "orders.csv, line 3:" in result.stderr
    assert why in result.stderr
    assert "1 lines left out" in result.stderr


def test_notes_of_several_lines_and_empty_rows_move_no_line_number(tmp_path: Path) -> None:
    """A row is named by its first line."""
    text = f'{HEADINGS},Note\n{ROW},"two\nlines, ""quoted"""\n\n,,,,,\nA2,Ann,Paid,x,2026-06-01,"a\nb"\n'
    result = imported(tmp_path, text)

    assert amounts(result, 1) == ["12.50"]
    assert "orders.csv, line 6: amount: 'x'" in result.stderr


def test_blanks_around_headings_and_cells_do_not_count(tmp_path: Path) -> None:
    """No-break spaces and marks of byte order neither; empty cells behind the last column are none."""
    text = "\ufeffOrder , Customer,Status\u00a0,Total,Date\nA1,a, Paid\u00a0,5 ,2026-06-01,,\n"

    assert amounts(imported(tmp_path, text)) == ["5"]


@pytest.mark.parametrize("name", ["name", "line", "source", "id"])
def test_a_column_may_have_any_name(tmp_path: Path, name: str) -> None:
    """None of them is a word of the importer's own."""
    mapping = MAPPING.replace("{Order}", f"{{{name}}}")
    result = imported(tmp_path, table(ROW).replace("Order", name), mapping=mapping)

    assert events(result)[0]["data"]["order_id"] == "A1"


def test_bytes_that_belong_to_no_text_are_refused_by_name(tmp_path: Path) -> None:
    """A NUL inside a cell; around one it is dropped as a blank is."""
    result = imported(tmp_path, table("A\0 1,a,Paid,1,2026-06-01", "A2\0,a,Paid,2,2026-06-01"))

    assert amounts(result, 1) == ["2"]
    assert "line 2" in result.stderr


@pytest.mark.parametrize("text", [HEADINGS + "\n", HEADINGS, "", "\ufeff", "\n\n", "sep=;\n"])
def test_an_export_of_a_week_without_orders_has_no_events(tmp_path: Path, text: str) -> None:
    """With headings and without; it is said, and no error."""
    result = imported(tmp_path, text)

    assert events(result) == []
    assert "orders.csv: empty" in result.stderr or "0 rows" in result.stderr


def test_rows_without_headings_are_refused(tmp_path: Path) -> None:
    """The first row is none."""
    result = imported(tmp_path, f"\n{ROW}\n")

    assert (result.exit_code, "has no column" in result.stderr) == (2, True)


def test_a_lookup_that_says_two_things_of_one_key_is_refused_by_name(tmp_path: Path) -> None:
    """Saying one thing twice does no harm."""
    lookup = '[[lookups]]\nfile = "people.csv"\non = "Customer"\ntake = ["Country"]\n'
    mapping = MAPPING.replace("[[events]]", lookup + "[[events]]").replace(
        "amount =", 'traits.country = "{Country}", amount ='
    )
    (tmp_path / "people.csv").write_text("Customer,Country\nZoë,FI\nZoë,FI\n")
    assert events(imported(tmp_path, table(ROW), mapping=mapping))[0]["data"]["traits"] == {"country": "FI"}

    (tmp_path / "people.csv").write_text("Customer,Country\nZoë,FI\nAnn,SE\nZoë,SE\n")
    result = imported(tmp_path, table(ROW), mapping=mapping)
    assert result.exit_code == 2
    assert "people.csv, line 4: a second row of Customer 'Zoë'" in result.stderr


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("A2,a,Paid,-5,2026-06-01", "negative_amount amount"),
        ("A2,a,Paid,1,1969-06-01", "time_out_of_range"),
        (f"A2,{'a' * 300},Paid,1,2026-06-01", "too_long customer_id"),
    ],
)
def test_what_a_worker_would_refuse_is_left_out_by_line_and_reason(tmp_path: Path, row: str, why: str) -> None:
    """The same validation, so that nothing becomes a dead letter."""
    result = imported(tmp_path, table(ROW, row))

    assert amounts(result, 1) == ["12.50"]
    assert f"orders.csv, line 3: {why}" in result.stderr


@pytest.mark.parametrize(
    "rows",
    [
        f'A2,"Ann,Paid,1,2026-06-01\n{ROW}\n',
        f'A2,"Ann" B,Paid,1,2026-06-01\n{ROW}\n',
        f'A2,Ann,Paid,1,"2026-06-01\n{ROW}\n',
    ],
)
def test_a_quote_that_is_not_closed_swallows_no_rows(tmp_path: Path, rows: str) -> None:
    """The file is refused before anything is sent, at the line where the quote opens."""
    result = imported(tmp_path, f"{HEADINGS}\n{ROW}\n{rows}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "orders.csv, line 3:" in result.stderr
    assert "quote" in result.stderr
