"""What tests of `crmkpi pull` have: a sender that keeps what it is given, and can die before or after."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from cli.ledger import Ledger
from cli.pull_sources import opened
from cli.pull_state import State
from cli.pulling import Pass, Pulled
from collectors.server.publish import Record
from models.record import RawRecord
from models.settings import load_settings
from models.validate import validate

NOW = 1_795_860_000_000  # 2026-11-28T10:00:00Z


class Killed(Exception):
    """The process is gone."""


class Kept:
    """A broker that remembers everything, as often as it came. ``dies``: at which page, before or after it landed."""

    def __init__(self, *, before: int = 0, after: int = 0) -> None:
        self.events: list[dict[str, Any]] = []
        self.letters: list[bytes] = []
        self._before, self._after, self._page = before, after, 0

    async def send(self, records: Sequence[Record]) -> None:
        """Takes them."""
        self._page += 1
        if self._page == self._before:
            raise Killed
        self.events += [orjson.loads(one.value) for one in records if one.key]
        self.letters += [one.value for one in records if not one.key]
        if self._page == self._after:
            raise Killed

    def once(self) -> dict[str, dict[str, Any]]:
        """The events by id, as workers count them. Fails for an id with two contents, and for what none would take."""
        found: dict[str, dict[str, Any]] = {}
        for event in self.events:
            assert found.setdefault(event["id"], event) == event
        raws = [orjson.dumps(event) for event in found.values()]
        _, refused = validate([RawRecord("t", 0, n, NOW, None, raw) for n, raw in enumerate(raws)])
        assert refused == []
        return found


class Place:
    """A folder with settings of one source, its state and its ledger."""

    def __init__(self, folder: Path, **source: Any) -> None:
        self.folder = folder
        self._settings = {
            "collect": {"pseudonym_key": "p" * 32, "sources": [{"name": "shop", "tenant": "acme", **source}]}
        }
        (folder / "crmkpi.toml").touch()

    async def pull(self, sender: Kept, *, now: int = NOW) -> Pulled:
        """One pass, each time as a new process."""
        place = load_settings({}, self._settings)
        source = place.collect.sources[0]
        config = self.folder / "crmkpi.toml"
        with State(self.folder / "state.sqlite", "k") as state, Ledger(self.folder / "rows.sqlite", "k") as ledger:
            async with opened(place, config, source, ledger, lambda: now) as (parcels, judge):
                return await Pass(parcels, state, ledger, judge, sender, lambda: now).run()
