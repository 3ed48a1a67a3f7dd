"""Questions to the engine process: between batches, the long ones in a copy of it."""

import os
import socket
from collections.abc import Generator, Iterator
from typing import Any

import orjson
import pytest

from kpis.engine import Engine
from models.settings import TenantBook
from streams.engine import asking, frames
from streams.engine.host import Host
from tests.feed import Feed, ms
from tests.property.test_examples import give

NOW = ms("2026-06-30")


class Asked(Engine):
    """An engine whose every question takes many steps, and says which process answered."""

    def ask(self, tenant: str, now: int, asked: Any) -> Generator[int, None, dict[str, Any]]:
        """As asked: so many steps, an answer of so many bytes, an error."""
        for _ in range(asked.get("steps", 0)):
            yield 1
        if "fails" in asked:
            raise {"Refused": ValueError, "KeyError": KeyError}[asked["fails"]](asked["fails"])
        return {"pid": os.getpid(), "filler": "x" * asked.get("bytes", 0)}


class Caller:
    """The worker's end of a host."""

    def __init__(self, engine: Engine) -> None:
        self.ours, theirs = socket.socketpair()
        self.host = Host(theirs, lambda: engine)
        self._number = 0
        self.send("open")
        assert self.receive()[1]

    def send(self, method: str, *arguments: Any, lane: int = 0) -> int:
        """Have a call answered, now or later."""
        self._number += 1
        self.host._take(self._number, lane, method, arguments)
        return self._number

    def receive(self) -> tuple[int, bool, Any]:
        """The next answer; copies of the host are listened to meanwhile."""
        self.ours.settimeout(0.01)
        for _ in range(2_000):
            try:
                number, ok, found = frames.receive(self.ours) or (0, False, None)
                return number, ok, found
            except TimeoutError:
                for pipe in list(self.host._copies):
                    self.host._read_copy(pipe)
        raise AssertionError("no answer")

    def ask(self, **asked: Any) -> tuple[bool, Any]:
        """The answer to a question."""
        self.send("ask", "t", NOW, orjson.dumps(asked))
        _, ok, found = self.receive()
        return ok, orjson.loads(found) if ok else found


@pytest.fixture
def caller() -> Iterator[Caller]:
    """A host whose lane is restored."""
    found = Caller(Asked(TenantBook()))
    found.send("restored")
    found.receive()
    yield found
    found.ours.close()


def test_a_short_question_is_answered_by_the_engine_process(caller: Caller) -> None:
    """At once."""
    assert caller.ask(steps=10) == (True, {"pid": os.getpid(), "filler": ""})


def test_a_long_question_is_answered_by_a_copy(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile other calls are answered."""
    monkeypatch.setattr(asking, "AT_ONCE_S", 0.0)
    asked = caller.send("ask", "t", NOW, orjson.dumps({"steps": 200_000}))
    other = caller.send("work")
    assert caller.receive()[0] == other
    number, ok, found = caller.receive()
    assert (number, ok) == (asked, True)
    assert orjson.loads(found)["pid"] != os.getpid()


def test_a_question_waits_until_the_batch_has_ended(caller: Caller) -> None:
    """A batch that takes several slices leaves the state half changed between them."""
    caller.host._running[0] = iter([None, None])  # type: ignore[assignment]
    asked = caller.send("ask", "t", NOW, orjson.dumps({}))
    caller.host._running[0] = (None for _ in ())
    counted = caller.send("go_on")
    assert [caller.receive()[0], caller.receive()[0]] == [counted, asked]


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"bytes": asking.MOST_BYTES}, "TooLarge"),
        ({"fails": "Refused"}, "ValueError"),
        ({"fails": "KeyError"}, "KeyError"),
    ],
)
@pytest.mark.parametrize("copied", [False, True])
def test_a_question_that_fails_leaves_the_lane_alone(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], kind: str, copied: bool
) -> None:
    """In a copy or not: the next one is answered."""
    if copied:
        monkeypatch.setattr(asking, "AT_ONCE_S", 0.0)
    ok, found = caller.ask(steps=1, **asked)
    assert (ok, found[0]) == (False, kind)
    assert caller.ask(steps=1)[0]


def test_a_copy_whose_time_is_up_is_ended(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked is told to ask for less."""
    monkeypatch.setattr(asking, "AT_ONCE_S", 0.0)
    monkeypatch.setattr(asking, "LONGEST_S", 0.2)
    ok, (kind, words, _) = caller.ask(steps=1 << 40)
    assert (ok, kind) == (False, "TookTooLong")
    assert "ask for less" in words


def test_a_lane_that_is_not_whole_answers_nothing() -> None:
    """Not owned, not restored yet, or after a batch that raised."""
    caller = Caller(Asked(TenantBook()))
    assert caller.ask() == (False, ("Restoring", "restoring", ""))
    caller.send("restored")
    caller.receive()
    caller.send("count", [("t", 0, b"no block")], {}, False)
    assert not caller.receive()[1]
    assert caller.ask()[1][0] == "Restoring"
    caller.send("drop")
    caller.receive()
    assert caller.ask()[1][0] == "NotOwner"


def test_an_answer_is_of_one_moment_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that are counted meanwhile are not in it."""
    monkeypatch.setattr(asking, "AT_ONCE_S", 0.0)
    engine, feed = Engine(TenantBook()), Feed()
    for number in range(300):
        feed.add("order.completed", "2026-06-10", order_id=f"o{number}", customer_id=f"c{number}", amount=100,
                 currency="EUR")  # fmt: skip
    caller = Caller(engine)
    caller.send("restored")
    caller.receive()
    give(engine, "t", feed.items[:200], 0)
    caller.send("ask", "t", NOW, orjson.dumps({"ask": "members", "kpi": "net_revenue", "window": "all", "limit": 1000}))
    give(engine, "t", feed.items[200:], 200)
    _, ok, found = caller.receive()
    told = orjson.loads(found)
    assert (ok, told["total"], told["n"], told["numerator"], len(told["members"])) == (True, 200, 200, "200.00", 200)


def test_what_announces_much_work_is_not_begun_here(caller: Caller) -> None:
    """What cannot give way holds the counting up for as long as it takes."""
    begun = []

    def answering() -> Generator[int, None, dict[str, Any]]:
        yield asking.AT_ONCE
        begun.append(1)
        return {}

    said = asking.at_once(answering, lambda error: "")
    assert (isinstance(said, tuple), begun) == (False, [])
