"""One run of `crmkpi pull`: a pass, or passes until it is stopped."""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from cli.ledger import Ledger
from cli.pull_kafka import kafka_sender
from cli.pull_sources import opened
from cli.pull_state import State
from cli.pulling import Pass, Pulled
from cli.term import json_line, say, show_json
from collectors.pulled.page import Away
from collectors.server.publish import Record
from models.pulled import PulledSource
from models.settings import Settings


class Printed:
    """A sender that prints the events as JSONL."""

    async def send(self, records: Sequence[Record]) -> None:
        """Prints events only, no dead letters."""
        sys.stdout.write("".join(f"{json_line(orjson.loads(one.value))}\n" for one in records if one.key is not None))
        sys.stdout.flush()


class Job:
    """One run. ``as_json``: report each pass as a JSON document on stdout."""

    def __init__(
        self,
        place: Settings,
        config: Path,
        asked: PulledSource,
        state: State,
        ledger: Ledger,
        *,
        as_json: bool = False,
        full_speed: bool = False,
    ) -> None:
        self._place, self._config, self._asked = place, config, asked
        self._state, self._ledger, self._json, self._full_speed = state, ledger, as_json, full_speed

    async def print(self) -> bool:
        """Print one pass. Returns whether anything was skipped."""
        async with opened(self._place, self._config, self._asked, self._ledger, now_ms, dry=True) as (source, judge):
            found = await Pass(source, self._state, self._ledger, judge, Printed(), now_ms).run()
            self._report(found, "printed")
            return bool(found.refused)

    async def send(self) -> bool:
        """Send to Kafka; with ``every``, repeatedly."""
        async with (
            kafka_sender(self._place, full_speed=self._full_speed) as sender,
            opened(self._place, self._config, self._asked, self._ledger, now_ms) as (source, judge),
        ):
            one = Pass(source, self._state, self._ledger, judge, sender, now_ms)
            if self._asked.every is None:
                found = await one.run()
                self._report(found, "sent and acknowledged")
                return bool(found.refused)
            while True:
                await self._patient(one)
                await asyncio.sleep(self._asked.every)

    async def _patient(self, one: Pass) -> None:
        """Run a pass; an unavailable source is retried next time."""
        try:
            self._report(await one.run(), "sent and acknowledged")
        except Away as error:
            say(f"{error}; asking again in {self._asked.every:g} s")

    def _report(self, found: Pulled, what: str) -> None:
        say(*found.refused.lines())
        if self._json and what != "printed":
            show_json({"source": self._asked.name, **found.rows()})
            return
        more = {"sent before": found.known, "items without an event": found.ignored}
        words = [f"{count:,} {name}" for name, count in more.items() if count]
        done = f"{self._asked.name}: {found.sent:,} events {what}"
        say(", ".join([done, *words, f"{len(found.refused):,} items left out"]))


def now_ms() -> int:
    """ms UTC."""
    return int(time.time() * 1000)
