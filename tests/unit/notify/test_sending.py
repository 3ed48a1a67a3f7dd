"""When a message is tried again, and when it is given up."""

from hypothesis import given
from hypothesis import strategies as st

from models.notifying import NotifySettings
from notify.message import Delivery, stable_id
from notify.sending import NotSent, failed, is_due, pause_s
from tests.unit.notify.deliveries import delivery

SETTINGS = NotifySettings(first_pause_s=5, longest_pause_s=3600, give_up_s=86_400)


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause_s(SETTINGS, n, 0.5) for n in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert pause_s(SETTINGS, 1000, 0.5) == 3600


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_the_random_part_is_a_quarter_either_way(attempts: int, chance: float) -> None:
    usual = pause_s(SETTINGS, attempts, 0.5)
    assert 0.75 * usual <= pause_s(SETTINGS, attempts, chance) <= 1.25 * usual


def test_what_a_receiver_asks_for_is_obeyed_up_to_the_longest() -> None:
    assert pause_s(SETTINGS, 1, 0.5, 120) == 120
    assert pause_s(SETTINGS, 1, 0.5, 1e9) == 3600
    assert pause_s(SETTINGS, 5, 0.5, 1) == 80


def test_it_is_given_up_after_the_time_and_never_before() -> None:
    one, now, tries = delivery(created=0), 0, 0
    while one.status == "due":
        one = failed(SETTINGS, one, NotSent("away"), now, 0.5)
        tries += 1
        assert one.attempts == tries
        now = max(now, one.next)
    assert one.status == "dead"
    assert one.done is not None
    assert one.done >= 86_400_000
    assert tries > 24  # at least once an hour
    assert one.error == "away"


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    assert failed(SETTINGS, delivery(), NotSent("gone", for_good=True), 2_000, 0.5).status == "dead"


def test_a_clock_that_was_put_back_delays_nothing_for_long() -> None:
    one = delivery(next=10 * 86_400_000)
    assert is_due(SETTINGS, one, 0)
    assert not is_due(SETTINGS, one, 10 * 86_400_000 - 1)


def test_a_delivery_is_the_same_from_the_ledger_and_what_is_done_forgets_its_data() -> None:
    one = delivery(attempts=3, next=7)
    assert Delivery.of(one.as_json()) == one
    assert Delivery.of(one._replace(status="sent", done=9).as_json()).message.data == {}
    dead = one._replace(status="dead", done=9)  # somebody may want it to be tried again
    assert Delivery.of(dead.as_json()) == dead


def test_ids_tell_messages_apart_and_are_the_same_again() -> None:
    assert stable_id("a", "bc", 1) == stable_id("a", "bc", 1)
    assert len({stable_id("a", "bc"), stable_id("ab", "c"), stable_id("abc"), stable_id("a", "bc", 1)}) == 4
