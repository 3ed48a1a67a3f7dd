"""A server that ends by itself is started again, and only then."""

import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ops.local import keeper
from ops.local.keeper import Keeper
from ops.local.process import ProcessUnit
from ops.local.unit import Given, ServerError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LOOK_S", 0.01)
    monkeypatch.setattr(keeper, "LONGEST_S", 0.02)


class Broken(Given):
    """Never runs, and cannot be started the first times."""

    tries = 0

    def runs(self) -> bool:
        """Not before the third try."""
        return type(self).tries >= 3

    def start(self) -> None:
        """The third one succeeds."""
        type(self).tries += 1
        if self.tries < 3:
            raise ServerError(f"try {self.tries}")


def until(holds: Callable[[], Any]) -> None:
    """Waits for it."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_process_that_was_killed_is_started_again() -> None:
    """With its folder, and a word about it."""
    unit = ProcessUnit("test", lambda folder: ["sleep", "60"], lambda: True, 5)
    said: list[str] = []
    try:
        unit.start()
        first = unit.pid
        with Keeper({"Test": unit}, said.append):
            subprocess.run(["kill", "-9", str(first)], check=True)
            until(lambda: unit.pid not in (None, first))
        assert said == ["Test has ended; restarting it"]
        assert unit.folder.exists()
        unit.kill()
        time.sleep(0.1)
        assert unit.pid is None  # nobody watches any more
    finally:
        unit.remove()


def test_one_that_does_not_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why each time."""
    monkeypatch.setattr(Broken, "tries", 0)
    said: list[str] = []
    with Keeper({"Test": Broken("x")}, said.append):
        until(lambda: Broken.tries == 3)
    assert said[1:4:2] == [
        "Test did not start, retrying in 0.02 s: try 1",
        "Test did not start, retrying in 0.02 s: try 2",
    ]


def test_one_that_others_run_is_left_alone() -> None:
    """Whether it answers is theirs to see to."""
    said: list[str] = []
    with Keeper({"Test": Given("h:1")}, said.append):
        time.sleep(0.1)
    assert said == []
    assert not [one for one in threading.enumerate() if one.name == "keeper"]
