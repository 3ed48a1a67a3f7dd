"""Decides which events are sent next and how an answer affects them. No IO but the store's; used by both clients."""

import json
import logging
import random
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from touchpoints.store import Kept, Store
from touchpoints.verdicts import Answer, Verdict, final, pause, verdicts

log: Final = logging.getLogger("touchpoints")
_TOO_LARGE: Final = 413


class Limits(NamedTuple):
    """A batch is sent as soon as one of these is reached."""

    events: int
    size: int  # bytes
    interval: float  # seconds since the oldest of its events arrived


class Delivery:
    """One batch at a time: the next one follows once the previous is answered."""

    def __init__(self, store: Store, limits: Limits, on_verdict: Callable[[Verdict], None] | None) -> None:
        self.store, self.limits = store, limits
        self._on_verdict = on_verdict
        self._attempt = 0
        self._most = limits.events  # fewer after a request that was too large
        self._chance = random.Random()

    @property
    def due(self) -> bool:
        """Whether a batch is full."""
        return self.store.count >= self.limits.events or self.store.size >= self.limits.size

    def batch(self) -> list[Kept]:
        """The oldest events; the same ones until they have a final answer."""
        return self.store.oldest(self._most, self.limits.size)

    def answered(self, batch: list[Kept], answer: Answer, moment: datetime) -> float:
        """Seconds to wait before the next request. Events with a final answer are removed and reported."""
        if answer.status == _TOO_LARGE and len(batch) > 1:
            self._most = len(batch) // 2
            return 0.0
        if not final(answer):
            self._attempt += 1
            wait = pause(self._attempt, answer, moment, self._chance)
            log.warning("%d events wait: attempt %d got %s, next in %.1f s",
                        self.store.count, self._attempt, answer.status or "no answer", wait)  # fmt: skip
            return wait
        self._attempt, self._most = 0, self.limits.events
        found = verdicts(answer, [str(json.loads(event.body)["id"]) for event in batch])
        self.store.remove(batch)
        for verdict in found:
            self._report(verdict)
        return 0.0

    def _report(self, verdict: Verdict) -> None:
        if self._on_verdict is None:
            if not verdict.accepted:
                log.error("event %s was refused: %s %s %s", *verdict[:1], *verdict[2:])
            return
        try:
            self._on_verdict(verdict)
        except Exception:
            log.exception("on_verdict raised")
