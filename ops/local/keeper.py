"""Restarts servers that ended by themselves, as a container's restart policy does."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from ops.local.unit import Progress, ServerError, Unit

LOOK_S: Final = 0.5
LONGEST_S: Final = 30.0  # longest pause between tries


class Keeper:
    """Watches while the ``with`` block runs: ``with Keeper({"Redis": servers.redis.unit}, say)``.

    External servers are left alone. Restarted ones find their persistent data: Kafka all of it, Redis none.
    """

    def __init__(self, units: Mapping[str, Unit], progress: Progress) -> None:
        self._units, self._progress = dict(units), progress
        self._pause = dict.fromkeys(self._units, 0.0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for a start in progress, so that the server's owner can remove it."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            for name, unit in self._units.items():
                if not self._ended.is_set():
                    self._look(name, unit)

    def _look(self, name: str, unit: Unit) -> None:
        try:
            if unit.runs() or self._ended.wait(self._pause[name]):
                return
            self._progress(f"{name} has ended; restarting it")
            unit.start()
        except ServerError as error:
            self._pause[name] = min(max(1.0, 2 * self._pause[name]), LONGEST_S)
            self._progress(f"{name} did not start, retrying in {self._pause[name]:g} s: {error}")
        else:
            self._pause[name] = 0.0
