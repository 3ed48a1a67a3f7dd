"""Money: integer minor units per currency and business day, converted when read, rounded once when printed.

Measures of money carry their currency: ``net:USD`` sums minor units, ``net#:USD`` counts the facts behind them; a fact
without a currency counts in ``net#:``. A *level* of money (the open pipeline) is converted at the day it began, so
that day is in its name: ``open_value:USD:17531``.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER
from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta
from models.money import iso

Worth = Callable[[str, int], Fraction | None]  # of a minor unit of a currency at a local day's rate; None: no rate


def dated_name(currency: str, day: int, home: str) -> str:
    """A currency and the day of its rate, as in measures' names; the reporting currency ``home`` needs no day."""
    return currency if currency == home else f"{currency}:{day}"


def money_deltas(
    base: str, instant: int, until: int | None, amount: int | None, currency: str | None, zone: Zone, rated: int | None
) -> Iterator[Delta]:
    """Deltas of an amount: a flow at ``instant`` (``until`` None), or a level from ``instant`` to ``until``.

    ``rated``: the instant whose local day gives a level's rate; None when nobody knows it.
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
RATE_DAYS: Final = 7  # how long a rate holds where the days after it have none: weekends and bank holidays


class Rate(NamedTuple):
    """An exchange rate as told at ``time`` ms; ``rate`` is the decimal text. Of those of one day the latest holds."""

    time: int
    source: str
    id: str
    rate: str

    @property
    def stamp(self) -> tuple[int, str, str]:
        """What orders rates of one day."""
        return self.time, self.source, self.id


def _later(rates: dict[RateKey, Rate], key: RateKey, rate: Rate) -> bool:
    """Keep the latest rate; says whether this is it."""
    held = rates.get(key)
    if held is not None and held >= rate:
        return False
    rates[key] = rate
    return True


class Rates:
    """Exchange rates of one tenant by day: ``fx.rate_set`` says 1 base = rate quote; the latest by (time, id) holds.

    A day without one takes the newest of the `RATE_DAYS` days before it.
    """

    def __init__(self) -> None:
        self.said: dict[RateKey, Rate] = {}  # by local day, of rates that name it
        self.undated: dict[RateKey, Rate] = {}  # by quarter hour, of the others: it has one local day in any zone
        self.version = 0  # rises with every change of a rate
        self._held: dict[RateKey, Rate] = {}  # by local day, of both

    def set(self, base: str, quote: str, day: int, rate: Rate) -> bool:
        """Note a rate of a day; says whether it is news."""
        self._hold((base, quote, day), rate)
        return _later(self.said, (base, quote, day), rate)

    def set_undated(self, base: str, quote: str, quarter: int, day: int, rate: Rate) -> bool:
        """Note a rate that names no day, told in a quarter hour of ``day``; says whether it is news."""
        self._hold((base, quote, day), rate)
        return _later(self.undated, (base, quote, quarter), rate)

    def _hold(self, key: RateKey, rate: Rate) -> None:
        self.version += _later(self._held, key, rate)

    def known(self, currency: str, into: str, day: int) -> bool:
        """Whether there is a `rate`; once there is one it stays."""
        return iso(currency) == into or self._newest(currency, into, day) is not None

    def rate(self, currency: str, into: str, day: int) -> Fraction | None:
        """How much one unit of ``currency`` is of ``into`` on a day; either direction serves, the latest said wins."""
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
