"""Money as exact fractions: exchange rates by business date, and decimal text."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from models.record import Row
from recount.windows import local_date

RateKey = tuple[frozenset[str], date]


def digits(currency: str) -> int:
    """Decimal places of a currency; a trailing digit (``EUR9``) overrides them."""
    return int(currency[3:]) if currency[3:] else get_currency_precision(currency)


def in_one_unit(rows: list[Row]) -> list[Row]:
    """Events of one object: all in units of 10^-9 if any of them is."""
    if all(not str(row.data.get("currency") or "")[3:] for row in rows):
        return rows
    return [finer(row) for row in rows]


def finer(row: Row) -> Row:
    """The same event in units of 10^-9."""
    code = row.data.get("currency")
    if not code or code[3:]:
        return row
    times = 10 ** (9 - digits(code))
    amounts = {name: row.data[name] * times for name in ("amount", "tax") if row.data.get(name) is not None}
    return row._replace(data={**row.data, **amounts, "currency": f"{code}9"})


def decimal_text(value: Fraction, currency: str) -> str:
    """Decimal text with the currency's digits, half to even."""
    places = digits(currency)
    units = round(value * 10**places)
    whole, rest = divmod(abs(units), 10**places)
    return f"{'-' if units < 0 else ''}{whole}" + (f".{rest:0{places}d}" if places else "")


class Rates:
    """Every ``fx.rate_set``: the latest by time, then id, for each pair of currencies and date."""

    def __init__(self, rows: Iterable[Row], zone: ZoneInfo, currency: str) -> None:
        self.zone = zone
        self.currency = currency
        self.known: dict[RateKey, tuple[tuple[int, str, str], str, Fraction]] = {}
        for row in rows:
            if row.type == "crm.fx.rate_set":
                self.add(row)

    def add(self, row: Row) -> None:
        """Add a rate: 1 base = rate quote on a local date."""
        data = row.data
        day = date.fromisoformat(data["date"]) if data.get("date") else local_date(row.time, self.zone)
        base, quote = str(data["base"]).upper(), str(data["quote"]).upper()
        key = (frozenset((base, quote)), day)
        entry = ((row.time, row.id, row.source), base, Fraction(str(data["rate"])))
        self.known[key] = max(self.known.get(key, entry), entry)

    def price(self, minor: object, currency: object, at: int | None) -> Fraction | None:
        """An amount in minor units as major units of the reporting currency; None if it can't be priced."""
        if not isinstance(minor, int) or not isinstance(currency, str):
            return None
        amount, currency = Fraction(minor, 10 ** digits(currency)), currency[:3]
        if currency == self.currency:
            return amount
        rate = None if at is None else self.rate(currency, local_date(at, self.zone))
        return None if rate is None else amount * rate

    def rate(self, currency: str, day: date) -> Fraction | None:
        """A unit's value in the reporting currency at the date's rate, else the newest of the 7 days before."""
        pair = frozenset((currency, self.currency))
        dates = (day - timedelta(back) for back in range(8))
        entry = next((self.known[pair, one] for one in dates if (pair, one) in self.known), None)
        if entry is None:
            return None
        _, base, rate = entry
        return rate if base == currency else 1 / rate
