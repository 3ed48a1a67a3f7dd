"""Conversions, and whether one followed a click or page view. Rules: kpi-precise "Conversion".

A conversion keeps its source id. It is found through the subject as currently linked, or through a click id, whoever
converted.
"""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from kpis.cells.deltas import DAY_MS
from kpis.facts.conversions import Conversion
from kpis.identity.pseudonyms import pseudonym
from kpis.tenant.facts import TenantFacts

PERIOD_MS: Final = 32 * DAY_MS  # covered by one stored entry


class Conversions:
    """The conversions of one tenant by source id and by click, over the table ``facts``."""

    def __init__(self, tenant: TenantFacts) -> None:
        self.facts = tenant.conversion_facts
        self.types = frozenset(f"crm.{name}" for name in tenant.settings.conversion_types)
        self.by_click: dict[str, list[int]] = {}  # click id -> instants, ms, sorted
        self._tenant = tenant
        self._within = tenant.settings.conversion_days * DAY_MS
        self._times: dict[str, array[int]] = {}  # id -> instants, ms, sorted

    def add(self, raw: str, time: int, click: str | None) -> None:
        """Store a conversion of an id, with its click id if it has one."""
        self._tenant.file("conversion", f"{raw}\0{time // PERIOD_MS}", self.facts, Conversion(time, click or None))
        self._note(raw, time, click)

    def _note(self, raw: str, time: int, click: str | None) -> None:
        insort(self._times.setdefault(raw, array("q")), time)
        if click:
            insort(self.by_click.setdefault(click, []), time)

    def move(self, raw: str, new: str | None) -> None:
        """Move the conversions of an id to another (None: remove them, also for their clicks)."""
        times = self._times.pop(raw, None)
        if times is None:
            return
        for period in {time // PERIOD_MS for time in times}:
            key, moved = f"{raw}\0{period}", f"{new}\0{period}"
            facts = self.facts.pop(key)
            self._tenant.renew("conversion", key)
            if new is None:
                self._forget_clicks(facts)
            else:
                self.facts[moved] = facts
                self._tenant.dirty.add(("conversion", moved))
        if new is not None:
            self._times[new] = times

    def _forget_clicks(self, facts: list[Conversion]) -> None:
        for time, click in facts:
            if click:
                self.by_click[click].remove(time)
                if not self.by_click[click]:
                    del self.by_click[click]

    def clicks_of(self, raw: str) -> set[str]:
        """The click ids of an id's conversions."""
        periods = {time // PERIOD_MS for time in self._times.get(raw, ())}
        return {click for period in periods for _, click in self.facts[f"{raw}\0{period}"] if click}

    def restore(self) -> None:
        """Build the indexes from the table."""
        for key, facts in self.facts.items():
            for place, fact in enumerate(facts):
                if fact.click:  # earlier builds stored it as sent
                    fact = facts[place] = fact._replace(click=pseudonym(self._tenant.name, fact.click))
                self._note(key.rpartition("\0")[0], fact.time, fact.click)

    @property
    def raws(self) -> Iterable[str]:
        """Every id that has conversions."""
        return self._times

    def of(self, root: str) -> list[int]:
        """When a subject converted, ms, sorted."""
        return sorted(chain.from_iterable(self._held(root))) if self._times else []

    def _held(self, root: str) -> "Iterator[array[int]]":
        times = self._times
        if not times:
            return iter(())
        return (times[raw] for raw in self._tenant.people.raws(root) if raw in times)

    def may_follow(self, root: str, time: int, click: str | None) -> bool:
        """Whether a subject, or anyone with the click id, converted at or after an instant (ms)."""
        if click and self.by_click.get(click, (0,))[-1] >= time:
            return True
        return bool(self._times) and any(held[-1] >= time for held in self._held(root))

    def followed(self, root: str, time: int, click: str | None) -> bool:
        """Whether a subject, or anyone with the click id, converted in the conversion window from ``time`` (ms)."""
        return self.follow((), time, click) or any(self._reaches(held, time) for held in self._held(root))

    def follow(self, times: Any, time: int, click: str | None) -> bool:
        """Whether one of ``times``, or a conversion with the click id, is in the conversion window from ``time``."""
        if self._reaches(times, time):
            return True
        return click is not None and self._reaches(self.by_click.get(click), time)

    def _reaches(self, times: Any, time: int) -> bool:
        if not times:
            return False
        at = bisect_left(times, time)
        return at < len(times) and bool(times[at] - time < self._within)
