"""Publications packed into bytes on the engine's side, so that only plain data crosses between the processes."""

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from sinks.base import FIRST_OF_SWEEP, IN_SWEEP, NO_SWEEP, Packed, Points, Publication
from sinks.wire import pack
from streams.engine_port import Engine, Failure, Slice


class Ask(NamedTuple):
    """A request to the engine for documents. Plain data."""

    now: int  # ms
    live: bool
    lane: int
    epoch: int
    position: int
    catching_up: float | None
    seconds: float  # stop computing documents after this long
    only_urgent: bool = False


class Answer(NamedTuple):
    """The engine's reply. Plain data: publications are bytes."""

    publications: list[Packed]
    urgent: bool
    more: bool
    settled: bool  # only histories are left
    checked: int
    failures: list[Failure]
    failing: tuple[str, ...]
    seconds: float  # computing took


def composed(engine: Engine, ask: Ask, clock: Callable[[], float] = perf_counter) -> Answer:
    """Compute documents and pack them. Raises ValueError for an as-of that no kept pane can answer."""
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
