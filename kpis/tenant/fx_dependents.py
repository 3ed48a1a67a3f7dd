"""Groups of facts whose contribution depends on exchange rates; they are retracted before such a rate changes.

Amounts are converted when read. But whether a total in two currencies grew or shrank, and which of two amounts in
different currencies is smaller, depends on the rates of the amounts' own days.
"""

from fractions import Fraction
from itertools import product

from kpis.calendar.windows import MINUTE_MS
from kpis.facts.money import RATE_DAYS, Rates, Worth
from kpis.facts.renewals import read_dues
from kpis.tenant.facts import TenantFacts
from kpis.tenant.readings import prices_of
from models.money import digits, iso


class RatedDays:
    """Rates looked up so far; see `worth`."""

    def __init__(self, rates: Rates, home: str) -> None:
        self._rates, self._home = rates, home
        self._found: dict[tuple[str, int], Fraction | None] = {}

    def __call__(self, currency: str, day: int) -> Fraction | None:
        """Major units of the reporting currency per minor unit on a local day; None: no rate."""
        key = (currency, day)
        if key not in self._found:
            rate = self._rates.rate(currency, self._home, day)
            self._found[key] = None if rate is None else rate / int(10 ** digits(currency))
        return self._found[key]


def worth(tenant: TenantFacts) -> Worth:
    """A function from a currency and day to the value of a minor unit, in major units of the reporting currency."""
    return RatedDays(tenant.rates, tenant.settings.currency)


def _keys(tenant: TenantFacts, thing: str) -> set[tuple[str, int]]:
    """The (currency, local day) rates that a subscription or contract may depend on. A superset does no harm."""
    kind, key = thing.split(":", 1)
    if kind == "subscription":
        prices = prices_of(tenant, key)
        first = next((step.instant for step in prices.steps if step.mrr), None)
        if first is None:
            return set()
        return {(iso(currency), tenant.zone.day(first // MINUTE_MS)) for currency in prices.currencies}
    events = tenant.contracts[key]
    days = {tenant.zone.day(due.at // MINUTE_MS) for due in read_dues(events)[0]}
    return {(iso(event.data["currency"]), day) for event in events if "currency" in event.data for day in days}


def note_rated(tenant: TenantFacts, thing: str) -> None:
    """Record which rates a subscription or contract may depend on, after its facts changed."""
    for key in _keys(tenant, thing):
        if key[0] != tenant.settings.currency:
            tenant.rated.setdefault(key, set()).add(thing)


def forget_rated(tenant: TenantFacts, thing: str) -> None:
    """Undo `note_rated`, before the facts are removed."""
    for key in _keys(tenant, thing):
        tenant.rated.get(key, set()).discard(thing)


def open_rated(tenant: TenantFacts, base: str, quote: str, day: int) -> None:
    """Retract what depends on a rate before it changes; later days without a rate may use it too."""
    for currency, one in product((base, quote), range(day, day + RATE_DAYS + 1)):
        for thing in tenant.rated.get((currency, one), ()):
            kind, key = thing.split(":", 1)
            if kind == "contract":
                tenant.ledger.open("contract", key)
            else:
                tenant.ledger.open("mrr", tenant.people.subject(thing))
