"""Which fault comes when: pure and seeded, so that a failing run can be repeated."""

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

KINDS: Final = (
    "kill",  # a worker, SIGKILL
    "pause",  # a worker, SIGSTOP past its session time-out, then SIGCONT
    "stop",  # a worker, SIGTERM; another takes its place
    "add",  # one worker more
    "remove",  # one worker less, gracefully
    "broker-restart",
    "broker-kill",
    "redis-restart",
    "redis-flush",
    "poison",  # events that the engine fails at
    "corrupt",  # a batch that the broker's disk has damaged; `crmkpi topics skip`
    "settings",  # a company moves to another zone and currency
    "erasures",  # people ask to be forgotten
    "back-fill",  # another tenant sends its history at full speed
)


class Fault(NamedTuple):
    """One fault: seconds after the one before, how long it lasts where that is free, and a number that picks whom."""

    kind: str
    gap: float
    lasts: float
    pick: float


def plan(seed: int, number: int, session_timeout: float, kinds: Sequence[str] = KINDS) -> list[Fault]:
    """``number`` faults: each kind once before any comes twice, in random order at random distances."""
    rng = Random(seed)
    chosen: list[str] = []
    while len(chosen) < number:
        chosen += rng.sample(list(kinds), min(len(kinds), number - len(chosen)))
    rng.shuffle(chosen)
    return [Fault(kind, rng.uniform(0.5, 10), _length(kind, session_timeout, rng), rng.random()) for kind in chosen]


def _length(kind: str, session_timeout: float, rng: Random) -> float:
    """Seconds: a pause outlasts the session, a server is away for some seconds."""
    if kind == "pause":
        return session_timeout + rng.uniform(2, 5)
    return rng.uniform(0.2, 4) if kind.startswith(("broker", "redis")) else 0.0
