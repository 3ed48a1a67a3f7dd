"""Ten files as spreadsheets of five countries write one table: read right, or refused with the word that mends it.

Each has the same four orders. Whatever is read without that word is right as well; nothing is ever silently wrong.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.cli.importing import MAPPING, events, imported

TRUTH = {
    "A1": ("1234.50", "2026-03-04"),
    "A2": ("12", "2026-03-14"),
    "A3": ("1000000.05", "2026-11-30"),
    "A4": ("0.99", "2026-12-01"),
}


class Sheet(NamedTuple):
    """A file, and what has to be added to the mapping for it. ``said``: in the refusal without that."""

    raw: bytes
    currency: str
    words: str
    said: str


def sheet(
    delimiter: str,
    currency: str,
    amounts: str,
    dates: str,
    *,
    encoding: str = "utf-8-sig",
    end: str = "\r\n",
    first: str = "",
    words: str = "",
    said: str = "",
) -> Sheet:
    """The table with these cells; ``amounts`` and ``dates`` are parted by bars."""
    rows = [["Order", "Customer", "Status", "Total", "Date"]]
    cells = zip(TRUTH, amounts.split("|"), dates.split("|"), strict=True)
    rows += [[order, "Käyttäjä", "Paid", amount, date] for order, amount, date in cells]
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in rows]
    return Sheet(
        (first + end.join(delimiter.join(row) for row in quoted) + end).encode(encoding), currency, words, said
    )


DOTTED = "4.3.2026|14.3.2026|30.11.2026|1.12.2026"
LEADING = "04.03.2026|14.03.2026|30.11.2026|01.12.2026"
SLASHED = "04/03/2026|14/03/2026|30/11/2026|01/12/2026"
DOTS, SLASHES = 'date_formats = ["%d.%m.%Y"]\n', 'date_formats = ["%d/%m/%Y"]\n'
SHEETS = {
    "Finland, LibreOffice": sheet(
        ";", "EUR", "1\u00a0234,50|12|1\u00a0000\u00a0000,05|0,99", DOTTED, words=DOTS, said="date_formats"
    ),
    "Finland, Excel": sheet(
        ";", "EUR", "1\u202f234,50 €|12,00 €|1\u202f000\u202f000,05 €|0,99 €", DOTTED, words=DOTS, said="date_formats",
    ),
    "Germany, Excel in Windows-1252": sheet(
        ";", "EUR", "1.234,50 €|12,00 €|1.000.000,05 €|0,99 €", LEADING, encoding="cp1252",
        words=f'encoding = "cp1252"\n{DOTS}', said="cp1252",
    ),
    "Germany, Unicode text": sheet(
        "\t", "EUR", "1.234,50|12,00|1.000.000,05|0,99", LEADING, encoding="utf-16", words=DOTS, said="date_formats"
    ),
    "United States, Excel": sheet(
        ",", "USD", "$1,234.50|$12.00|$1,000,000.05|$0.99", "3/4/2026|3/14/2026|11/30/2026|12/1/2026",
        words='date_formats = ["%m/%d/%Y"]\n', said="date_formats",
    ),
    "United States, an export of a tool": sheet(
        ",", "USD", "1234.50|12|1000000.05|0.99", "2026-03-04|2026-03-14|2026-11-30|2026-12-01",
        encoding="utf-8", end="\n",
    ),
    "United Kingdom, Excel": sheet(
        ",", "GBP", "£1,234.50|£12.00|£1,000,000.05|£0.99", SLASHED, words=SLASHES, said="date_formats"
    ),
    "United Kingdom, Numbers": sheet(
        ",", "GBP", "1,234.50|12.00|1,000,000.05|0.99", "4 Mar 2026|14 Mar 2026|30 Nov 2026|1 Dec 2026",
        encoding="utf-8", end="\r", words='date_formats = ["%d %b %Y"]\n', said="date_formats",
    ),
    "Ukraine, LibreOffice": sheet(
        ";", "UAH", "1\u00a0234,50 ₴|12,00 ₴|1\u00a0000\u00a0000,05 ₴|0,99 ₴", LEADING,
        first="sep=;\r\n", words=DOTS, said="date_formats",
    ),
    "Ukraine, accounting": sheet(
        ";", "UAH", "1 234,50 грн|12,00 грн|1 000 000,05 грн|0,99 грн", LEADING, words=DOTS, said="date_formats"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_is_read_right_or_refused_with_the_word_that_mends_it(tmp_path: Path, name: str) -> None:
    raw, currency, words, said = SHEETS[name]
    mapping = MAPPING.replace("EUR", currency)
    first = imported(tmp_path, raw, mapping=mapping)
    if words:
        assert first.exit_code in (1, 2)
        assert said in first.stderr
        assert read(first.stdout).items() <= TRUTH.items()
    mended = imported(tmp_path, raw, mapping=words + mapping)
    assert mended.exit_code == 0, mended.stderr
    assert read(mended.stdout) == TRUTH
    assert {event["data"]["customer_id"] for event in events(mended)} == {"Käyttäjä"}


def read(lines: str) -> dict[str, tuple[str, str]]:
    """Amount and day by order."""
    found = map(json.loads, lines.splitlines())
    return {one["data"]["order_id"]: (one["data"]["amount"].removesuffix(".00"), one["time"][:10]) for one in found}
