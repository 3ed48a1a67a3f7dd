"""People: the subjects and persons of a tenant, and what events change of them.

What is derived per subject (its segments, its groups of facts) follows its ids: whatever an event changes, the facts
concerned are retracted first (`kpis.tenant.retractions`) and counted anew when the batch ends.
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
        self.stored_touches: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back
        self._ledger = ledger

    def follow(self, listener: PersonListener, regrouping: Callable[[Iterable[str]], None]) -> None:
        """Set, once, who hears of persons, and what is done before the subjects of some ids change."""
        self.retractions.listener = listener
        self._relinking.before(regrouping)

    def hold(self, raw: str) -> None:
        """Note that an id has touches or answers of its own: they move when its owner changes."""
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
        """Move a group of facts from one id to another."""
        if previous is not None:
            self.owned.get(previous, {}).get(kind, set()).discard(key)
        if raw is None or key in (keys := self.owned.setdefault(raw, {}).setdefault(kind, set())):
            return
        keys.add(key)
        self.identity.note_facts(raw)
        if kind in SEGMENTED_GROUPS and self.identity.root(raw) in self.retractions.opened:
            self._ledger.open_empty(kind, key)  # where it came from elsewhere it is open already

    def say(self, raw: str, dimension: str, said: Assertion) -> bool:
        """Take an assertion about an id. Says whether it is kept, as the latest of this id."""
        if not self.traits.is_news(raw, dimension, said):
            return False
        root = self.subject(raw)
        if self.traits.moves(root, dimension, said):
            self.retractions.segmented(root)
        if raw not in self.traits.of:
            self.identity.note_facts(self.owner(raw))
        self.traits.take(raw, root, dimension, said)
        return True

    # --- objects that get another owner, and ids that get other names

    def move_object(self, raw: str, said: Assertion | None) -> None:
        """Give an object its owner: its touches are that subject's from now on."""
        before = self.owners.of.get(raw)
        has_touches = raw in self.holders or raw.startswith(CONTACT)
        owners = {entry[3] for entry in (before, said) if entry}
        if not has_touches or (before and said and before[3] == said[3]):
            self._set_owner(raw, said, has_touches)
            return
        # Its touches leave one subject and join another: both are counted anew.
        roots = {self.identity.root(owner) for owner in owners}
        for root in roots | {raw}:
            self.retractions.take_out(root)
        self._set_owner(raw, said, has_touches)
        for root in roots | {self.person(raw)}:
            self.retractions.put_fresh(root)

    def _set_owner(self, raw: str, said: Assertion | None, has_touches: bool) -> None:
        before = self.owners.of.get(raw)
        if before and has_touches:
            self.objects.get(before[3], set()).discard(raw)
        if said is None:
            return
        self.owners.give(raw, said)
        if has_touches:
            self.objects.setdefault(said[3], set()).add(raw)
            self.identity.note_facts(said[3])

    def replace(self, names: dict[str, str | None]) -> set[str]:
        """Put other names in the place of ids, objects and contacts (None: gone), after the links among them.

        Returns the things whose owners changed, old and new ones. Call it between ``take_out`` of what there was and
        ``put_fresh`` of what there is.
        """
        held = [raw for raw in names if self._unhold(raw) or raw.startswith(CONTACT)]
        changed = self.owners.replace(names)
        for raw, new in names.items():
            self.within.pop(raw, None)
            self.retractions.forget_all(raw)
            self.retractions.opened.discard(raw)  # whoever has that id from now on is somebody else
            self.retractions.renewed.discard(raw)
            for known in (self.objects, self.owned, self.touches):
                _rename(known, raw, new)
        for new in [names[raw] for raw in held]:
            if new is not None:
                self.retractions.put_fresh_person(new)
                self.hold(new)
        for new in names.values():
            if new is not None and self.has_facts(new):
                self.identity.note_facts(new)
        return changed

    def _unhold(self, raw: str) -> bool:
        """Undo ``hold``; says whether there was anything to undo."""
        self.objects.get(self.owner(raw), set()).discard(raw)
        if raw.startswith(WITHIN):
            self.within.get(split_within(raw)[1], set()).discard(raw)
        known = raw in self.holders
        self.holders.discard(raw)
        return known

    # --- a restart

    def restore(self, holders: Iterable[str]) -> Work:
        """Make what is derived from restored facts, without touching the numbers. The links are made already."""
        yield from restored_touches(self.touches, self.stored_touches)
        for raw in [*self.touches, *holders, *(raw for raw in self.owners.of if raw.startswith(CONTACT))]:
            self.hold(raw)
            yield 1


def _rename(known: dict[str, Any], name: str, new: str | None) -> None:
    found = known.pop(name, None)
    if found is not None and new is not None:
        known[new] = found
