"""In whose segments a message falls."""

import pickle
from itertools import permutations

import pytest

from kpis.facts.emails import BOUNCED, DELIVERED, NEVER, OPENED, SENT, new_message, note
from models.settings import TenantBook
from tests.feed import ms
from tests.sets.feeds import Counted, Event, event


def told(kind: str, campaign: str) -> Event:
    """What happened to the message, all in the same millisecond."""
    return event(f"email.{kind}", kind, "2026-05-01T12:00:00Z", message_id="m", campaign={"name": campaign})


@pytest.mark.parametrize("kinds", [("sent", "delivered"), ("delivered", "bounced"), ("opened", "clicked")])
def test_of_events_at_the_same_time_the_first_by_name_decides(kinds: tuple[str, str]) -> None:
    """Whichever came first, and whichever kind it is."""
    for first, second in (kinds, kinds[::-1]):
        one, other = told(first, "b"), told(second, "a")
        both = [Counted(TenantBook()).take([x]).take([y]) for x, y in ((one, other), (other, one))]
        boards = [counted.documents(ms("2026-06-01")) for counted in both]
        assert boards[0] == boards[1]
        row = "email_open_rate_period" if "opened" in kinds else "email_bounce_rate"
        found = [
            key[2] for key, doc in boards[0].items() if key[:2] == (row, "all") and doc["n"] + (doc["numerator"] or 0)
        ]
        assert (("campaign", "a"),) in found
        assert (("campaign", "b"),) not in found


@pytest.mark.parametrize(
    ("told", "bounced"),
    [
        ({DELIVERED: [30], BOUNCED: [10]}, False), ({DELIVERED: [10], BOUNCED: [30]}, True), ({BOUNCED: [10]}, True),
        ({DELIVERED: [10, 30], BOUNCED: [20]}, False), ({DELIVERED: [10], BOUNCED: [5, 20]}, True),
        ({DELIVERED: [10, 10], BOUNCED: [10]}, True), ({DELIVERED: [10]}, False),
    ],
)  # fmt: skip
def test_the_last_of_delivery_and_bounce_decides(told: dict[int, list[int]], bounced: bool) -> None:
    """In whatever order they arrive; also after the tenant slept."""
    for order in permutations([(slot, time) for slot, times in told.items() for time in times]):
        message = new_message()
        for slot, time in order:
            note(message, slot, time, 0, [("a",)])
        assert message.bounced == pickle.loads(pickle.dumps(message)).bounced == bounced
        assert message.times[DELIVERED] == min(told.get(DELIVERED, [NEVER]))


def test_a_message_is_the_same_after_its_tenant_slept() -> None:
    """Times and segments of every slot."""
    message, names = new_message(), [("a",), ("b",)]
    assert note(message, SENT, 7, 1, names)
    assert note(message, OPENED, 9, 0, names)
    again = pickle.loads(pickle.dumps(message))
    assert (again.times, again.segments) == (message.times, message.segments)
    assert (again.filled, again.times[SENT], again.segments[SENT]) == ([SENT, OPENED], 7, 1)
