"""Retractions: groups of facts are retracted from the cells before their subject's ids or segments change.

A retracted group is recounted when the batch ends, from its facts at that time.
"""

from itertools import chain
from typing import Any, Final, Protocol

from kpis.cells.ledger import Ledger
from kpis.identity.ranks import Pair
from kpis.tenant.directory import Directory

# Kinds of groups keyed by person and by subject: recounted when its ids change.
PERSON_GROUPS: Final = ("person", "landing")
SUBJECT_GROUPS: Final = ("customer", "score", "acquisition", "late_touches", "mrr", "hits", "forms")
SEGMENTED_GROUPS: Final = frozenset(
    {"order", "contract", "lead", "closing", "credit", "late", "late_views", "record", "ticket", "logins"}
)
IDENTITY_CONFLICT: Final = "identity_conflict"  # one group per link, named by both its ids
CACHED_KINDS: Final = ("order", "deal")  # kinds of objects with cached lists
LONG: Final = 16  # lists of at least this length are cached beyond the batch


class PersonListener(Protocol):
    """Something that counts per person outside the ledger (kpis.tenant.person_sets)."""

    def withdraw(self, person: str) -> None:
        """A person's segments are about to change."""

    def renew(self, person: str) -> None:
        """A person's ids have changed or are about to: rebuild what is kept for it from the facts."""


class Retractions:
    """The retractions of one tenant's batch."""

    def __init__(self, directory: Directory, ledger: Ledger) -> None:
        self.listener: PersonListener
        # (subject id, kind of object) -> list read, valid while the subject's ids and objects do not change.
        self.cached: dict[tuple[str, str], list[Any]] = {}
        # In this batch: subjects with all groups retracted, and those whose sets are also rebuilt.
        self.opened: set[str] = set()
        self.renewed: set[str] = set()
        self._directory = directory
        self._ledger = ledger

    def segmented(self, root: str) -> None:
        """Retract everything in a subject's segments before they change; once a batch."""
        if root in self.opened:
            return
        directory = self._directory
        identity = directory.identity
        # A person may have ids of two accounts; its sign-ins are in the segments of the first.
        persons = directory.persons_within(root) if directory.account else ()
        known = (identity.members(root), *map(identity.person_members, persons))
        self._ledger.open_all(
            (kind, key)
            for member in dict.fromkeys(chain.from_iterable(known))
            for kind, keys in directory.owned.get(member, {}).items() if kind in SEGMENTED_GROUPS
            for key in keys
        )  # fmt: skip
        self.subject(root)
        for person in directory.visitors(root):
            self._ledger.open("landing", person)
        for person in directory.persons_of(root):
            self.person(person, renew=False)
        if not directory.account:  # with accounts, a subject's persons may change alone
            self.opened.add(root)

    def subject(self, root: str) -> None:
        """Retract what depends on a subject's ids, contracts and CRM events, before these change."""
        for kind in SUBJECT_GROUPS:
            self._ledger.open(kind, root)

    def person(self, person: str, *, renew: bool) -> None:
        """Retract what is counted for a person. ``renew``: its sets are rebuilt when the batch ends."""
        for kind in PERSON_GROUPS:
            self._ledger.open(kind, person)
        self.listener.withdraw(person)
        if renew:
            self.listener.renew(person)

    def link(self, pair: Pair) -> None:
        """Retract a link set aside, before that changes."""
        self._ledger.open(IDENTITY_CONFLICT, "\0".join(pair))

    def retract(self, root: str) -> None:
        """Retract a subject whose ids are about to change; its sets are rebuilt from the facts."""
        self.segmented(root)
        for person in self._directory.persons_of(root):
            self.listener.renew(person)
        self.forget_all(root)

    def reemit(self, root: str, *, joined: bool = False) -> None:
        """Have a subject whose ids have changed counted when the batch ends.

        ``joined``: its traits have been merged from two subjects. Otherwise its cached traits are dropped, since a
        later retraction may have read them.
        """
        (self.forget if joined else self.forget_all)(root)
        for kind in SUBJECT_GROUPS:
            self._ledger.open_empty(kind, root)
        for person in self._directory.persons_of(root) if self._directory.account else (root,):
            self.reemit_person(person)

    def reemit_person(self, person: str) -> None:
        """The same for a person."""
        for kind in PERSON_GROUPS:
            self._ledger.open_empty(kind, person)
        self.listener.renew(person)

    def finish(self) -> None:
        """End the batch: nothing is retracted any more."""
        self.opened.clear()
        self.renewed.clear()

    # --- caches

    def forget(self, root: str) -> None:
        """Drop the cached lists of a subject, as what it owns has changed or is about to."""
        for kind in CACHED_KINDS:
            self.cached.pop((root, kind), None)

    def forget_all(self, root: str) -> None:
        """Drop its cached traits as well."""
        self.forget(root)
        self._directory.traits.forget(root)

    def forget_short(self) -> None:
        """Keep only long lists, which are expensive to read again."""
        self.cached = {key: held for key, held in self.cached.items() if len(held) >= LONG}
