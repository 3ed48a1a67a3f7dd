"""Conversions: what somebody was to be brought to, and whether it followed. Rules: kpi-precise "Conversion".

A conversion keeps the id it came with. It is found by the subject as linked now, or by a click id, of whoever.
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

PERIOD_MS: Final = 32 * DAY_MS  # of one stored entry


class Conversions:
    """The conversions of one tenant by id and by click, made from the table ``facts``."""

    def __init__(self, tenant: TenantFacts) -> None:
        self.facts = tenant.conversion_facts
        self.types = frozenset(f"crm.{name}" for name in tenant.settings.conversion_types)
        self.by_click: dict[str, list[int]] = {}  # click id -> when, ms
        self._tenant = tenant
        self._within = tenant.settings.conversion_days * DAY_MS
        self._times: dict[str, array[int]] = {}  # id -> when, ms, in order

    def add(self, raw: str, time: int, click: str | None) -> None:
        """A conversion of an id, perhaps by a click."""
        self._tenant.file("conversion", f"{raw}\0{time // PERIOD_MS}", self.facts, Conversion(time, click or None))
        self._note(raw, time, click)

    def _note(self, raw: str, time: int, click: str | None) -> None:
        insort(self._times.setdefault(raw, array("q")), time)
        if click:
            insort(self.by_click.setdefault(click, []), time)

    def move(self, raw: str, new: str | None) -> None:
        """Give the conversions of an id another one (None: they are gone, for the clicks that brought them, too)."""
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
        """The clicks by which an id converted."""
        periods = {time // PERIOD_MS for time in self._times.get(raw, ())}
        return {click for period in periods for _, click in self.facts[f"{raw}\0{period}"] if click}

    def restore(self) -> None:
        """Make what is derived from the table."""
        for key, facts in self.facts.items():
            for place, fact in enumerate(facts):
                if fact.click:  # earlier builds kept it as it was told
                    fact = facts[place] = fact._replace(click=pseudonym(self._tenant.name, fact.click))
                self._note(key.rpartition("\0")[0], fact.time, fact.click)

    @property
    def raws(self) -> Iterable[str]:
        """Every id that has conversions."""
        return self._times

    def of(self, root: str) -> list[int]:
        """When a subject converted, ms, in order."""
        return sorted(chain.from_iterable(self._held(root))) if self._times else []

    def _held(self, root: str) -> "Iterator[array[int]]":
        times = self._times
        if not times:
            return iter(())
        return (times[raw] for raw in self._tenant.people.raws(root) if raw in times)

    def may_follow(self, root: str, time: int, click: str | None) -> bool:
        """Whether a subject, or who came by a click, converted at or after an instant."""
        if click and self.by_click.get(click, (0,))[-1] >= time:
            return True
        return bool(self._times) and any(held[-1] >= time for held in self._held(root))

    def followed(self, root: str, time: int, click: str | None) -> bool:
        """Whether a subject, or anybody by the click, converted within the conversion window of an instant."""
        return self.follow((), time, click) or any(self._reaches(held, time) for held in self._held(root))

    def follow(self, times: Any, time: int, click: str | None) -> bool:
        """Whether one of these instants, or a conversion by the click, lies within the conversion window."""
        if self._reaches(times, time):
            return True
        return click is not None and self._reaches(self.by_click.get(click), time)

    def _reaches(self, times: Any, time: int) -> bool:
        if not times:
            return False
        at = bisect_left(times, time)
        return at < len(times) and bool(times[at] - time < self._within)
