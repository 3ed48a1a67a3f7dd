"""Parses numbers as written by spreadsheets of many countries. Pure. Ambiguous numbers are refused."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from cli.currency_signs import currencies_of
from cli.faults import RowError

Mark = Literal["", ".", ","]
_BLANKS: Final = "[ \u00a0\u2009\u202f'\u2019]"  # thousands separators, including apostrophes
_SPAN: Final = re.compile(rf"(?:[0-9]|[.,](?=[0-9]))(?:[0-9.,]|{_BLANKS}(?=[0-9]))*")
_GROUPS: Final = re.compile(
    rf"[0-9]{{1,3}}(?:(?:{_BLANKS}[0-9]{{3}})+|(?:,[0-9]{{2,3}})*,[0-9]{{3}}|(?:\.[0-9]{{3}})+)"
)
_MINUS: Final = "-\u2212\u2013"
_TRUE: Final = frozenset(
    [
        "true",
        "yes",
        "y",
        "t",
        "1",
        "wahr",
        "ja",
        "j",
        "vrai",
        "oui",
        "o",
        "vero",
        "verdadero",
        "sim",
        "sí",
        "si",
        "kyllä",
        "tosi",
        "sant",
        "sann",
        "так",
        "ndiyo",
        "x",
    ]
)
_FALSE: Final = frozenset(
    [
        "false",
        "no",
        "n",
        "f",
        "0",
        "falsch",
        "nein",
        "faux",
        "non",
        "falso",
        "não",
        "nej",
        "ei",
        "epätosi",
        "falskt",
        "usann",
        "ні",
        "hapana",
    ]
)


class Figure(NamedTuple):
    """The number in a cell."""

    text: str  # plain decimal: "-1234.50"
    sign: str  # the currency sign or code next to it; "" for none


@dataclass
class Evidence:
    """Which decimal mark a file's cells prove; ``2.000`` proves neither."""

    point: str = ""  # a cell that is only valid with a decimal point
    comma: str = ""

    def look(self, text: str) -> None:
        """Examine one more cell."""
        if text.isdigit() or (self.point and self.comma):
            return
        match _proves(text):
            case ".":
                self.point = self.point or text
            case ",":
                self.comma = self.comma or text

    @property
    def mark(self) -> Mark:
        """The decimal mark all cells agree on; empty if none or both are proved."""
        return "" if bool(self.point) == bool(self.comma) else "." if self.point else ","


@lru_cache(65_536)
def figure(text: str, decimal: Mark) -> Figure:
    """The number in a cell; ``decimal``: as declared or proved, empty if unknown. Raises RowError."""
    if text.isdigit() and text.isascii():
        return Figure(text, "")
    span = _SPAN.search(text)
    if span is None:
        raise _no_number(text)
    before, core, after = text[: span.start()].strip(), span[0], text[span.end() :].strip()
    negative, sign = _around(text, before, after)
    return Figure(("-" if negative else "") + _plain(text, core, decimal), sign)


def flag(text: str) -> bool:
    """A yes or no in several languages. Raises RowError."""
    word = text.casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise RowError("not a yes or no", f"{text!r} is neither yes nor no (use true and false)")


def _around(text: str, before: str, after: str) -> tuple[bool, str]:
    """(negative, currency sign) from the text around the digits."""
    bracketed = before.startswith("(") and after.endswith(")")
    rest = f"{before[1:]} {after[:-1]}" if bracketed else f"{before} {after}"
    minus = sum(rest.count(mark) for mark in _MINUS)
    words = re.sub(f"[{_MINUS}+]", " ", rest).split()
    if minus + bracketed > 1 or len(words) > 1 or any(c.isdigit() for c in rest):
        raise _no_number(text)
    if words and not currencies_of(words[0]):
        raise _no_number(text, f" ({words[0]} is no currency)" if words[0] != "%" else " (a percentage)")
    return bool(minus or bracketed), words[0] if words else ""


def _plain(text: str, core: str, decimal: Mark) -> str:
    whole, mark, fraction = _split(core, decimal or _mark_of(text, core))
    if not fraction.isdigit() and (mark or fraction):
        raise _no_number(text, f" with {decimal!r} as decimal mark" if decimal else "")
    if not whole.isdigit():
        if whole and (not _GROUPS.fullmatch(whole) or (mark and mark in whole)):
            raise _no_number(text, f" with {decimal!r} as decimal mark" if decimal else "")
        whole = re.sub("[^0-9]", "", whole) or "0"
    return f"{whole}.{fraction}" if fraction else whole


def _split(core: str, mark: str) -> tuple[str, str, str]:
    return core.rpartition(mark) if mark and mark in core else (core, "", "")


def _mark_of(text: str, core: str) -> str:
    """The decimal mark of a cell if the file proves none. Raises RowError if it is ambiguous."""
    proved = _proves(core)
    if proved is None and re.search("[.,]", core):
        raise RowError(
            "ambiguous number",
            f'{text!r} may be read in two ways: add decimal = "." or decimal = "," to the mapping',
        )
    return proved or "."


def _proves(text: str) -> str | None:
    """The decimal mark a number must have; None without a mark, or if it may be a thousands separator."""
    span = _SPAN.search(text)
    if span is None:
        return None
    core = span[0]
    points, commas = core.count("."), core.count(",")
    if points and commas:
        return "." if core.rindex(".") > core.rindex(",") else ","
    if not points and not commas:
        return None
    mark = "." if points else ","
    if points + commas > 1:
        return "," if points else "."
    whole, _, fraction = core.partition(mark)
    grouping = len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return None if grouping else mark


def _no_number(text: str, why: str = "") -> RowError:
    return RowError("not a number", f"{text!r} is not a number{why}")
