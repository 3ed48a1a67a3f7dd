"""Owners: the id that an object (a deal, an order, a ticket …) or a contact belongs to, by the latest assertion."""

from collections.abc import Mapping
from sys import intern

from kpis.identity.ids import NODE_SPACES, WITHIN, split_within
from kpis.tenant.traits import Assertion


class Owners:
    """The owners of all objects and contacts of one tenant."""

    def __init__(self) -> None:
        self.of: dict[str, Assertion] = {}  # object -> [t, source, event id, owner's id]
        self._things: dict[str, set[str]] | None = None  # owner's id -> what it owns; built on first use

    def owner(self, raw: str) -> str:
        """The owner of an object, or the account of a person's id within it; any other id itself."""
        if raw.startswith(NODE_SPACES):
            return raw
        if raw.startswith(WITHIN):
            return split_within(raw)[0]
        assertion = self.of.get(raw)
        return assertion[3] if assertion else raw

    def things(self, raw: str) -> set[str]:
        """The objects and contacts that an id owns."""
        if self._things is None:
            self._things = {}
            for thing, assertion in self.of.items():
                self._things.setdefault(assertion[3], set()).add(thing)
        return self._things.get(raw, set())

    def give(self, thing: str, assertion: Assertion) -> None:
        """Set the owner of an object or contact."""
        before = self.of.get(thing)
        if before and self._things is not None:
            self.things(before[3]).discard(thing)
        self.of[thing] = assertion
        if self._things is not None:
            self._things.setdefault(assertion[3], set()).add(thing)

    def replace(self, names: Mapping[str, str | None]) -> set[str]:
        """Rename owners and objects (None: remove them); returns the objects that changed, old and new."""
        found = {thing for raw in names for thing in self.things(raw)} | (names.keys() & self.of.keys())
        changed = set(found)
        for thing in found:
            assertion = self.of.pop(thing)
            self.things(assertion[3]).discard(thing)
            new, owner = names.get(thing, thing), names.get(assertion[3], assertion[3])
            if new is not None and owner is not None:
                self.give(new, [*assertion[:3], intern(owner)])
                changed.add(new)
        for raw in names:
            if self._things is not None and not self._things.get(raw, True):
                del self._things[raw]
        return changed
