"""People: the subjects and persons of a tenant, and how events change them.

A subject's segments and groups of facts depend on its ids. Before an event changes these, the facts concerned are
retracted (`kpis.tenant.retractions`); they are counted again when the batch ends.
"""

from collections.abc import Callable, Iterable
from typing import Any

from kpis.cells.ledger import Ledger
from kpis.cells.segments import Segments
from kpis.facts.touches import restored_touches
from kpis.identity.ids import CONTACT, WITHIN, split_within
from kpis.identity.links import Identity
from kpis.slices import Work
from kpis.tenant.directory import Directory
from kpis.tenant.relinking import Relinking
from kpis.tenant.retractions import SEGMENTED_GROUPS, PersonListener, Retractions
from kpis.tenant.traits import Assertion


class People(Directory):
    """The directory of one tenant, and its changes."""

    def __init__(
        self,
        ledger: Ledger,
        segments: Segments,
        dimensions: tuple[str, ...],
        *,
        account: bool = False,
        match_on: Iterable[str] = (),
    ) -> None:
        self._relinking = Relinking(account=account)
        identity = Identity(apart=account, match_on=match_on, watch=self._relinking)
        super().__init__(identity, segments, dimensions, account=account)
        self.retractions = Retractions(self, ledger)
        self._relinking.follow(self, self.retractions)
        self.relink = self._relinking.relink
        self.stored_touches: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, during a restore
        self._ledger = ledger

    def follow(self, listener: PersonListener, regrouping: Callable[[Iterable[str]], None]) -> None:
        """Set, once, the listener for persons, and the callback before the subjects of some ids change."""
        self.retractions.listener = listener
        self._relinking.before(regrouping)

    def hold(self, raw: str) -> None:
        """Note that an id has its own touches or answers, which move when its owner changes."""
        if raw in self.holders:
            return
        self.holders.add(raw)
        if (owner := self.owner(raw)) != raw:
            self.objects.setdefault(owner, set()).add(raw)
        self.identity.note_facts(owner)
        if raw.startswith(WITHIN):
            self.within.setdefault(person := split_within(raw)[1], set()).add(raw)
            self.identity.note_facts(person)
        if raw.startswith(CONTACT) and (root := self.identity.root(owner)) in self.retractions.opened:
            self.retractions.person(raw, renew=root in self.retractions.renewed)

    def own(self, kind: str, key: str, raw: str | None, previous: str | None) -> None:
        """Move a group of facts from one owner to another (None: no owner)."""
        if previous is not None:
            self.owned.get(previous, {}).get(kind, set()).discard(key)
        if raw is None or key in (keys := self.owned.setdefault(raw, {}).setdefault(kind, set())):
            return
        keys.add(key)
        self.identity.note_facts(raw)
        if kind in SEGMENTED_GROUPS and self.identity.root(raw) in self.retractions.opened:
            self._ledger.open_empty(kind, key)  # a group from another owner is retracted already

    def assert_trait(self, raw: str, dimension: str, assertion: Assertion) -> bool:
        """Take an assertion about an id; returns whether it is the id's latest and therefore kept."""
        if not self.traits.is_newer(raw, dimension, assertion):
            return False
        root = self.subject(raw)
        if self.traits.moves(root, dimension, assertion):
            self.retractions.segmented(root)
        if raw not in self.traits.of:
            self.identity.note_facts(self.owner(raw))
        self.traits.take(raw, root, dimension, assertion)
        return True

    # --- changes of owner, and renamed ids

    def move_object(self, raw: str, assertion: Assertion | None) -> None:
        """Set an object's owner; its touches move to the owner's subject."""
        before = self.owners.of.get(raw)
        has_touches = raw in self.holders or raw.startswith(CONTACT)
        owners = {entry[3] for entry in (before, assertion) if entry}
        if not has_touches or (before and assertion and before[3] == assertion[3]):
            self._set_owner(raw, assertion, has_touches)
            return
        # Its touches move from one subject to another, so both are recounted.
        roots = {self.identity.root(owner) for owner in owners}
        for root in roots | {raw}:
            self.retractions.retract(root)
        self._set_owner(raw, assertion, has_touches)
        for root in roots | {self.person(raw)}:
            self.retractions.reemit(root)

    def _set_owner(self, raw: str, assertion: Assertion | None, has_touches: bool) -> None:
        before = self.owners.of.get(raw)
        if before and has_touches:
            self.objects.get(before[3], set()).discard(raw)
        if assertion is None:
            return
        self.owners.give(raw, assertion)
        if has_touches:
            self.objects.setdefault(assertion[3], set()).add(raw)
            self.identity.note_facts(assertion[3])

    def replace(self, names: dict[str, str | None]) -> set[str]:
        """Rename ids, objects and contacts (None: remove them), after their links were renamed.

        Returns the objects whose owners changed, old and new. Call it after ``retract`` of the old subjects and before
        ``reemit`` of the new ones.
        """
        held = [raw for raw in names if self._unhold(raw) or raw.startswith(CONTACT)]
        changed = self.owners.replace(names)
        for raw, new in names.items():
            self.within.pop(raw, None)
            self.retractions.forget_all(raw)
            self.retractions.opened.discard(raw)  # from now on the id belongs to someone else
            self.retractions.renewed.discard(raw)
            for known in (self.objects, self.owned, self.touches):
                _rename(known, raw, new)
        for new in [names[raw] for raw in held]:
            if new is not None:
                self.retractions.reemit_person(new)
                self.hold(new)
        for new in names.values():
            if new is not None and self.has_facts(new):
                self.identity.note_facts(new)
        return changed

    def _unhold(self, raw: str) -> bool:
        """Undo ``hold``; returns whether the id was held."""
        self.objects.get(self.owner(raw), set()).discard(raw)
        if raw.startswith(WITHIN):
            self.within.get(split_within(raw)[1], set()).discard(raw)
        known = raw in self.holders
        self.holders.discard(raw)
        return known

    # --- a restart

    def restore(self, holders: Iterable[str]) -> Work:
        """Build the indexes from restored facts without changing any cell. The links are built already."""
        yield from restored_touches(self.touches, self.stored_touches)
        for raw in [*self.touches, *holders, *(raw for raw in self.owners.of if raw.startswith(CONTACT))]:
            self.hold(raw)
            yield 1


def _rename(known: dict[str, Any], name: str, new: str | None) -> None:
    found = known.pop(name, None)
    if found is not None and new is not None:
        known[new] = found
