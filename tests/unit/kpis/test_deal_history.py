"""A deal of many events that is kept as it was read is the one that is read from all of them."""

from dataclasses import asdict
from random import Random

import pytest

from kpis.cells.deltas import DAY_MS
from kpis.facts.deal_history import BETWEEN, History, Reading
from kpis.facts.deals import DealEvent, deal_event
from models.settings import TenantSettings

SETTINGS = TenantSettings()
STAGES = ("s0", "s1", "s2", "s3", "closed won", "Closed Lost")
KINDS = ("updated", "updated", "stage_changed", "won", "lost", "reopened", "created", "deleted")


def events(random: Random, count: int, spread: int) -> list[DealEvent]:
    """The events of a deal, in an order that is out by up to ``spread`` ms; at last some without a version."""
    found = []
    versioned = random.random() < 0.5
    for number in range(count):
        time = number * DAY_MS // 7 if random.random() < 0.99 else number * DAY_MS
        data = {"amount": number, "currency": "EUR", "stage": random.choice(STAGES), "traits": {"a": number % 5}}
        kind = random.choice(KINDS if random.random() < 0.3 else KINDS[:3])
        kind = "merged" if random.random() < 0.002 else kind
        data |= {"closed_at": time - random.randrange(3 * DAY_MS)} if random.random() < 0.2 else {}
        data |= {"to_stage": data["stage"]} if kind == "stage_changed" else {}
        data |= {"time_known": False} if random.random() < 0.02 else {}
        data |= {"version": number // 2} if versioned and not (number > count - 30 and random.random() < 0.1) else {}
        event = deal_event(time, kind, "/a", f"e{number}", data)
        found.append(event._replace(late=True) if random.random() < 0.1 else event)
    return sorted(found, key=lambda event: event.time + random.random() * spread)


@pytest.mark.parametrize("spread", [0, DAY_MS, 20 * DAY_MS, 1000 * DAY_MS])
@pytest.mark.parametrize("seed", range(8))
def test_read_bit_by_bit_it_is_the_same(seed: int, spread: int) -> None:
    """In order, a little and much out of order, in batches of any size; versions that are given up."""
    random = Random(seed)
    told, history = events(random, 5 * BETWEEN, spread), History(SETTINGS)
    held: list[DealEvent] = []
    while told:
        size = random.choice((1, 1, 2, 7, 90))
        held += told[:size]
        told = told[size:]
        assert history.of(held)
        history.go_on(held)
        plain = Reading(held, SETTINGS)
        assert asdict(history.deal) == asdict(plain.deal)
        assert (history.stays(), history.stale()) == (plain.stays(), plain.stale())
        assert (sorted(history.won()), list(history.late())) == (sorted(plain.won()), list(plain.late()))


def test_another_list_is_another_deal() -> None:
    """What was read of one says nothing of the other."""
    history, told = History(SETTINGS), events(Random(1), 100, 0)
    history.go_on(told)
    assert history.of(told)
    assert not history.of(list(told))
