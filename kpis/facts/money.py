"""Money: integer minor units by currency and business day, converted when read, rounded once when printed.

Measures of money include their currency: ``net:USD`` sums minor units, ``net#:USD`` counts the facts behind them; a
fact without a currency counts in ``net#:``. A *level* of money (the open pipeline) is converted at the rate of the day
it began, so its name includes that day: ``open_value:USD:17531``.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta
from models.money import iso

Worth = Callable[[str, int], Fraction | None]  # (currency, local day) -> value of a minor unit; None: no rate


def dated_name(currency: str, day: int, home: str) -> str:
    """A currency and the day of its rate, as in measures' names; the reporting currency ``home`` needs no day."""
    return currency if currency == home else f"{currency}:{day}"


def money_deltas(
    base: str, instant: int, until: int | None, amount: int | None, currency: str | None, zone: Zone, rated: int | None
) -> Iterator[Delta]:
    """Deltas of an amount: a flow at ``instant`` (``until`` None), or a level from ``instant`` to ``until``.

    ``rated``: the instant whose local day gives a level's rate; None: unknown.
    """
    currency = currency if amount is not None else None
    name = currency or ""
    if until is not None and currency:
        name += f":{zone.day(rated // 60_000)}" if rated is not None else ":"
    both = [Delta(f"{base}#:{name}", instant, 1)]
    if currency and amount:
        both.append(Delta(f"{base}:{name}", instant, amount))
    yield from both
    if until is not None and until < FOREVER:
        yield from (Delta(measure, until, -delta) for measure, _, delta in both)


RateKey = tuple[str, str, int]  # base, quote, day or quarter hour
RATE_DAYS: Final = 7  # how long a rate applies to later days without one: weekends and bank holidays


class Rate(NamedTuple):
    """An exchange rate as reported at ``time`` ms; ``rate`` is decimal text. For one day, the latest wins."""

    time: int
    source: str
    id: str
    rate: str

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of rates of one day."""
        return self.time, self.source, self.id


def _later(rates: dict[RateKey, Rate], key: RateKey, rate: Rate) -> bool:
    """Store a rate if it is the latest for its key; returns whether it is."""
    held = rates.get(key)
    if held is not None and held >= rate:
        return False
    rates[key] = rate
    return True


class Rates:
    """Exchange rates of one tenant by day: ``fx.rate_set`` states 1 base = rate quote; the latest by (time, id) wins.

    A day without a rate uses the newest of the `RATE_DAYS` days before it.
    """

    def __init__(self) -> None:
        self.dated: dict[RateKey, Rate] = {}  # by local day: rates that give one
        self.undated: dict[RateKey, Rate] = {}  # by quarter hour: the others; it lies in one local day in any zone
        self.version = 0  # incremented on every change of a rate
        self._held: dict[RateKey, Rate] = {}  # by local day: both

    def set(self, base: str, quote: str, day: int, rate: Rate) -> bool:
        """Note a rate of a local day; returns whether it is the latest."""
        self._hold((base, quote, day), rate)
        return _later(self.dated, (base, quote, day), rate)

    def set_undated(self, base: str, quote: str, quarter: int, day: int, rate: Rate) -> bool:
        """Note a rate without a date, from an event in a quarter hour of ``day``; returns whether it is the latest."""
        self._hold((base, quote, day), rate)
        return _later(self.undated, (base, quote, quarter), rate)

    def _hold(self, key: RateKey, rate: Rate) -> None:
        self.version += _later(self._held, key, rate)

    def known(self, currency: str, into: str, day: int) -> bool:
        """Whether there is a `rate`; once there is, there always will be."""
        return iso(currency) == into or self._newest(currency, into, day) is not None

    def rate(self, currency: str, into: str, day: int) -> Fraction | None:
        """The value of one unit of ``currency`` in ``into`` on a local day, from either direction; the latest wins."""
        if iso(currency) == into:
            return Fraction(1)
        newest = self._newest(currency, into, day)
        return None if newest is None else self._of(iso(currency), into, newest)

    def _newest(self, currency: str, into: str, day: int) -> int | None:
        code, held = iso(currency), self._held
        days = range(day, day - RATE_DAYS - 1, -1)
        return next((one for one in days if (code, into, one) in held or (into, code, one) in held), None)

    def _of(self, currency: str, into: str, day: int) -> Fraction:
        straight = self._held.get((currency, into, day))
        inverse = self._held.get((into, currency, day))
        if inverse is None or (straight is not None and straight.stamp >= inverse.stamp):
            assert straight is not None
            return Fraction(straight.rate)
        return 1 / Fraction(inverse.rate)
