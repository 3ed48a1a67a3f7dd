"""A subject's marketing touches, over all its ids, with their channels."""

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from kpis.facts.attribution import DIRECT, UNKNOWN, Touch
from kpis.facts.touches import LATE, Touches
from kpis.tenant.facts import TenantFacts
from kpis.tenant.readings import reported_of


def counts(tenant: TenantFacts, type_: str) -> bool:
    """Whether the settings count an event type as a marketing touch."""
    return type_.removeprefix("crm.") in tenant.settings.touch_types


class Journey:
    """The marketing touches of one subject, as currently stored."""

    def __init__(self, tenant: TenantFacts, root: str) -> None:
        self._tenant = tenant
        self._root = root
        self._raws = list(tenant.people.raws(root))
        self._held = [tenant.marketing[raw] for raw in self._raws if raw in tenant.marketing]
        self.touched = bool(self._held)

    @cached_property
    def fallback(self) -> str:
        """The channel of touches without one: `DIRECT` if the subject viewed a page, "offline" if in the CRM."""
        if any(_viewed(self._tenant, raw) for raw in self._raws):
            return DIRECT
        return "offline" if _reported_by_crm(self._tenant, self._root) else UNKNOWN

    def between(self, start: int, end: int) -> list[Touch]:
        """The touches in [start, end) ms, sorted."""
        found: list[Touch] = []
        for held in self._held:
            packed = held.numbers
            places = np.flatnonzero((packed >= start << 12) & (packed < end << 12))
            found += (touch for touch, _ in self._at(held, places.tolist()))
        return sorted(found)

    def first(self) -> Touch | None:
        """The earliest touch."""
        return min(filter(None, map(self._first, self._held)), default=None)

    def late(self) -> Iterator[tuple[Touch, str]]:
        """The late touches, with the types of their events."""
        for held in self._held:
            yield from self._at(held, np.flatnonzero(held.numbers & LATE).tolist())

    def _first(self, held: Touches) -> Touch | None:
        times = held.numbers >> 12
        earliest = self._first_of(held, np.flatnonzero(times == times.min()))
        # Nearly always the earliest counts, so the others need not be sorted.
        return earliest or self._first_of(held, np.argsort(times, kind="stable"))

    def _first_of(self, held: Touches, places: Iterable[int]) -> Touch | None:
        """The first of some touches, given in order of time."""
        found = None
        for touch, _ in self._at(held, places):
            if found is not None and touch.time > found.time:
                break
            found = touch if found is None else min(found, touch)
        return found

    def _at(self, held: Touches, places: Iterable[int]) -> Iterator[tuple[Touch, str]]:
        for time, _, _, (channel, campaign, type_) in held.at(places):
            if counts(self._tenant, type_):
                yield Touch(time, channel or self.fallback, campaign), type_


def journey_of(tenant: TenantFacts, root: str) -> Journey:
    """A subject's journey, read once for all its groups that are retracted or re-emitted together."""
    return tenant.ledger.once(("journey", root), lambda: Journey(tenant, root))


def _viewed(tenant: TenantFacts, raw: str) -> bool:
    touches = tenant.people.touches.get(raw)
    return touches is not None and bool(touches.views.any())


def _reported_by_crm(tenant: TenantFacts, root: str) -> bool:
    """Whether the CRM reported a subject, as a customer or lead or through a deal."""
    people = tenant.people
    return (
        any(reported_of(tenant, one).created for one in people.identity.members(root) if one in tenant.customers)
        or any(event.kind != "deal" for lead in people.owned_by(root, "lead") for event in tenant.leads.get(lead, ()))
        or any(deal in tenant.deals for deal in people.owned_by(root, "deal"))
    )
