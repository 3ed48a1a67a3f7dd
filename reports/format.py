"""Numbers and dates as the page writes them (`dashboard/page/js/format.js`), by Babel: the same digits everywhere.

A test lets a browser write the same values. Only currencies differ: a mail leaves the house, so that its dollars say
whose they are.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final

from babel.dates import format_date, format_interval, format_skeleton, get_datetime_format
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_currency_symbol,
)
from babel.units import format_unit

from reports.report import Language
from reports.words import Words

TIMES: Final = re.compile(r"return_on_ad_spend|quick_ratio")  # ratios that people read as "3.1 times", not as 310 %
NOTHING: Final = "–"
LARGE: Final = Decimal(10_000_000)
DAY_S: Final = 86_400
GROUPED: Final[dict[Language, int]] = {"it": 10_000}  # 9122, but 10.122: Babel knows nothing of CLDR's least digits
Document = Mapping[str, Any]


def decimal(value: Any) -> Decimal | None:
    """A value of a document; None when there is none. Raises ValueError for what is no number."""
    if value is None or value == "":
        return None
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError(f"not a number: {value!r}")
    return found


def fine(size: Decimal) -> int:
    """Digits after the point that keep a small number from looking like 0: 1 for 0.27, 2 for 0.034."""
    if not size or size >= Decimal("0.995"):
        return 1
    return min(int((-size.log10()).to_integral_value(ROUND_CEILING)) + 1, 4)


class Numbers:
    """How one language writes numbers and dates."""

    def __init__(self, words: Words) -> None:
        self._words, self._locale = words, words.locale

    def text(self, value: Any, document: Document) -> str:
        """A value of a document, in its unit; none is a dash. Raises ValueError for what is no number."""
        found = decimal(value)
        if found is None:
            return NOTHING
        with localcontext(rounding=ROUND_HALF_UP):
            return self._text(found, document)

    def _text(self, value: Decimal, document: Document) -> str:
        unit, size = document.get("unit"), abs(value)
        match unit:
            case "ratio" if TIMES.match(str(document.get("kpi", ""))):
                return self.plain(value, 2, fixed=True) + "×"
            case "ratio":
                return self.percent(value, 0 if size in (0, 1) or size >= 10 else fine(size * 100))
            case "money" | "money/day":
                tail = self._words("unit.per_day") if unit == "money/day" else ""
                return self._money(value, str(document.get("currency") or "")) + tail
            case "days":
                return self._unit(value, "day", 0 if size >= 100 else 1)
            case "hours":
                return self._unit(value, "hour", 0 if size >= 100 else 1)
            case "seconds":
                return self.duration(value)
            case "count":
                return self._compact(value) if size >= LARGE else self.plain(value, 0)
            case "index":
                return ("+" if value > 0 else "") + self.plain(value, fine(size) if size else 0, fixed=True)
        return self.plain(value, 2 if size else 0, fixed=True)

    def plain(self, value: Decimal, digits: int = 2, *, fixed: bool = False) -> str:
        """A number with at most, or exactly, so many digits after the point."""
        with localcontext(rounding=ROUND_HALF_UP):
            return str(format_decimal(value, format=self._pattern(value, digits, fixed), locale=self._locale))

    def percent(self, value: Decimal, digits: int = 1, *, fixed: bool = True) -> str:
        """A share of 1 in per cent."""
        own = self._locale.percent_formats[None].pattern  # where the sign stands, and with which blank
        pattern = own.replace("#,##0", self._pattern(value * 100, digits, fixed))
        with localcontext(rounding=ROUND_HALF_UP):
            return str(format_percent(value, format=pattern, locale=self._locale))

    def duration(self, seconds: Decimal) -> str:
        """A length of time in its natural unit."""
        size = abs(seconds)
        if size < 120:
            return self._unit(seconds, "second", 1 if size < 10 else 0)
        if size < 7200:
            return self._unit(seconds / 60, "minute", 0)
        return self._unit(seconds / 3600, "hour", 1) if size < 2 * DAY_S else self._unit(seconds / DAY_S, "day", 1)

    def day(self, when: date) -> str:
        """A day with its weekday: Monday, 1 June 2026."""
        return str(format_date(when, "full", locale=self._locale))

    def days(self, first: date, last: date) -> str:
        """From one day to another, in as few words as the language needs."""
        return str(format_interval(first, last, "yMMMd", locale=self._locale))

    def month(self, when: date) -> str:
        """A month: May 2026."""
        return str(format_skeleton("yMMMM", datetime(when.year, when.month, 1, tzinfo=UTC), locale=self._locale))

    def moment(self, when: datetime) -> str:
        """Day and time, on the clock that ``when`` has."""
        day = format_skeleton("yMMMd", when, tzinfo=when.tzinfo, locale=self._locale)
        clock = format_skeleton("Hm", when, tzinfo=when.tzinfo, locale=self._locale)
        both = str(get_datetime_format("medium", locale=self._locale))
        return both.replace("'", "").replace("{0}", clock).replace("{1}", day)

    def short(self, when: date) -> str:
        """A day without its year."""
        return str(format_skeleton("MMMd", datetime(when.year, when.month, when.day, tzinfo=UTC), locale=self._locale))

    def _unit(self, value: Decimal, name: str, digits: int) -> str:
        digits = digits if value else 0
        shown = value.quantize(Decimal(1).scaleb(-digits))  # 1.0 days, but 1 day: plurals go by the digits there are
        pattern = self._pattern(shown, digits, fixed=True)
        return str(format_unit(shown, f"duration-{name}", "short", format=pattern, locale=self._locale))

    def _pattern(self, value: Decimal, digits: int, fixed: bool) -> str:
        whole = "#,##0" if abs(round(value, digits)) >= GROUPED.get(self._words.language, 0) else "0"
        return whole + (f".{('0' if fixed else '#') * digits}" if digits else "")

    def _compact(self, value: Decimal) -> str:
        return str(format_compact_decimal(value, format_type="short", locale=self._locale, fraction_digits=1))

    def _money(self, value: Decimal, currency: str) -> str:
        size = abs(value)
        if size >= LARGE:
            return self._priced(self._compact(value), currency)
        if size >= 1000 or not size % 1:
            return self._priced(self.plain(value, 0), currency)
        digits = get_currency_precision(currency) if currency else 2
        return self._priced(self.plain(value, digits, fixed=bool(currency)), currency)

    def _priced(self, text: str, currency: str) -> str:
        """An amount with its currency where the language has it, after a minus."""
        if not currency:
            return text
        pattern = self._locale.currency_formats["standard"].pattern.partition(";")[0]
        symbol = get_currency_symbol(currency, locale=self._locale)
        if pattern.startswith("¤#") and symbol[-1].isalpha():
            symbol += "\N{NO-BREAK SPACE}"  # KES 240,000, but €240,000
        sign, text = (text[0], text[1:]) if text[0] in "-−" else ("", text)
        return sign + str(pattern).replace("#,##0.00", text).replace("¤", symbol)
