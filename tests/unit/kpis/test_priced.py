"""Money by the instant that its rate is of."""

from typing import NamedTuple

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kpis.calendar.zone import zone
from kpis.facts import money
from kpis.facts.priced import Key, Priced

FIRST = 20_000  # a day
QUARTERS = st.integers(FIRST * 96 - 100, FIRST * 96 + 200)
MINUTES = st.integers(FIRST * 1440, FIRST * 1440 + 3_000)
ZONES = ("UTC", "Asia/Tokyo", "America/St_Johns", "Asia/Kathmandu")


class Told(NamedTuple):
    """Money that was received."""

    currency: str
    quarter: int
    minute: int


class Rate(NamedTuple):
    """A rate of a day between a currency and the euro."""

    currency: str
    day: int
    inverse: bool


currencies = st.sampled_from(("EUR", "USD", "GBP"))
steps = st.one_of(
    st.builds(Told, currencies, QUARTERS, MINUTES),
    st.builds(Rate, currencies.filter(lambda one: one != "EUR"), st.integers(FIRST - 1, FIRST + 3), st.booleans()),
)
asked = st.tuples(MINUTES, st.sampled_from(ZONES), st.sampled_from(("EUR", "USD")))


@given(st.lists(st.tuples(steps, st.none() | asked), max_size=30), asked)
def test_it_is_counted_by_its_local_day_in_any_zone(given_: list[tuple[Told | Rate, object]], last: object) -> None:
    """Whatever came first, also when it is asked for in between, for other zones and currencies, and stored."""
    priced, rates, told = Priced(), money.Rates(), list[Told]()
    stored: dict[Key, bytes] = {}
    for step, question in [*given_, (None, last)]:
        if isinstance(step, Rate):
            pair = ("EUR", step.currency) if step.inverse else (step.currency, "EUR")
            rates.set(*pair, step.day, money.Rate(1, "s", "e", "2"))
        elif isinstance(step, Told):
            told.append(step)
            key = priced.add(*step)
            stored[key] = orjson.dumps(priced.entry(key))
        if isinstance(question, tuple):
            again = Priced()
            for key, entry in stored.items():
                again.load(key, orjson.loads(entry))
            for one in (priced, again):
                check(one, told, rates, *question)


def check(priced: Priced, told: list[Told], rates: money.Rates, minute: int, name: str, home: str) -> None:
    """Compare with what is said one by one."""
    local = zone(name)
    found = priced.without_rate(rates, home, local)(minute)
    assert found == sum(
        one.minute < minute and rates.rate(one.currency, home, local.day(one.quarter * 15)) is None for one in told
    )


def test_an_entry_is_bounded() -> None:
    """Events that all name one time, received over years, are an entry a day of receipt."""
    priced = Priced()
    keys = {priced.add("USD", FIRST * 96, FIRST * 1440 + minute) for minute in range(3 * 1440)}
    assert max(len(orjson.dumps(priced.entry(key))) for key in keys) < 32_768
