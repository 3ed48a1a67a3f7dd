"""Slices of publications as bytes: what runs beside the engine, so that only plain data goes to and fro."""

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from sinks.base import FIRST_OF_SWEEP, IN_SWEEP, NO_SWEEP, Packed, Points, Publication
from sinks.wire import pack
from streams.engine_port import Engine, Failure, Slice


class Ask(NamedTuple):
    """What is asked of the engine. Plain data."""

    now: int  # ms
    live: bool
    lane: int
    epoch: int
    position: int
    catching_up: float | None
    seconds: float  # stop making documents after so long
    only_urgent: bool = False


class Answer(NamedTuple):
    """What it made. Plain data: publications hold bytes."""

    publications: list[Packed]
    urgent: bool
    more: bool
    settled: bool  # nothing but histories waits
    checked: int
    failures: list[Failure]
    failing: tuple[str, ...]
    seconds: float  # it took


def composed(engine: Engine, ask: Ask, clock: Callable[[], float] = perf_counter) -> Answer:
    """Have documents made and pack them. Raises ValueError for an as-of that no pane answers."""
    began = clock()
    made = engine.compose(
        ask.now, live=ask.live, enough=lambda: clock() - began >= ask.seconds, only_urgent=ask.only_urgent
    )
    packed = [_packed(one, ask) for one in made.slices]
    failures = [Failure(*failure) for failure in made.failures]
    return Answer(packed, made.urgent, made.more, made.settled, made.checked, failures, made.failing, clock() - began)


def _packed(one: Slice, ask: Ask) -> Packed:
    more = {"rev": f"{ask.epoch}.{ask.position}", "catching_up": ask.catching_up}
    if ask.catching_up is None:
        del more["catching_up"]
    for document in one.documents:
        if "gone" not in document:
            document.update(more)
    sweep = NO_SWEEP if not one.sweep else FIRST_OF_SWEEP if one.first else IN_SWEEP
    return pack(
        Publication(
            one.tenant, ask.epoch, ask.position, one.as_of, one.documents, full=one.last, waiting=one.waiting,
            kpis=tuple(one.kpis), sweep=sweep, lane=ask.lane, catching_up=ask.catching_up,
            points=[Points(*points) for points in one.points],
        )
    )  # fmt: skip
