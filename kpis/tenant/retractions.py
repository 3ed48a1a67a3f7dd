"""Retractions: groups of facts are taken out of the numbers before their subject's ids or segments change.

A group that is out is counted anew when the batch ends, as its facts are then.
"""

from itertools import chain
from typing import Any, Final, Protocol

from kpis.cells.ledger import Ledger
from kpis.identity.ranks import Pair
from kpis.tenant.directory import Directory

# Kinds of groups named by their person, and by their subject: counted anew when its ids change.
PERSON_GROUPS: Final = ("person", "landing")
SUBJECT_GROUPS: Final = ("customer", "score", "acquisition", "late_touches", "mrr", "hits", "forms")
SEGMENTED_GROUPS: Final = frozenset(
    {"order", "contract", "lead", "closing", "credit", "late", "late_views", "record", "ticket", "logins"}
)
IDENTITY_CONFLICT: Final = "identity_conflict"  # a group a link, named by both its ids
REMEMBERED: Final = ("order", "deal")  # kinds of objects of which it is remembered what was read
LONG: Final = 16  # objects of a subject that are remembered beyond the batch


class PersonListener(Protocol):
    """Whoever keeps something per person beside the ledger (kpis.tenant.person_sets)."""

    def withdraw(self, person: str) -> None:
        """What is kept of a person is about to fall in other segments."""

    def renew(self, person: str) -> None:
        """A person has other ids, or is about to have: what is kept of it is derived anew from the facts."""


class Retractions:
    """Of one tenant's batch."""

    def __init__(self, directory: Directory, ledger: Ledger) -> None:
        self.listener: PersonListener
        # Root, kind of object -> what was read of a subject's, as long as its ids and objects stay.
        self.remembered: dict[tuple[str, str], list[Any]] = {}
        # Of a batch: subjects all of whose groups are out of the numbers, and those whose sets are derived anew, too.
        self.opened: set[str] = set()
        self.renewed: set[str] = set()
        self._directory = directory
        self._ledger = ledger

    def segmented(self, root: str) -> None:
        """Take everything out that falls in a subject's segments, before they change. Once a batch."""
        if root in self.opened:
            return
        directory = self._directory
        identity = directory.identity
        # In accounts a person may be known by ids of two accounts: sign-ins fall in the segments of its first one.
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
        if not directory.account:  # there a subject's persons change also where nothing else of it does
            self.opened.add(root)

    def subject(self, root: str) -> None:
        """Take out what depends on a subject's ids, contracts and what the CRM says of it, before these change."""
        for kind in SUBJECT_GROUPS:
            self._ledger.open(kind, root)

    def person(self, person: str, *, renew: bool) -> None:
        """Take what is counted of a person out. ``renew``: its sets are derived anew when the batch ends."""
        for kind in PERSON_GROUPS:
            self._ledger.open(kind, person)
        self.listener.withdraw(person)
        if renew:
            self.listener.renew(person)

    def link(self, pair: Pair) -> None:
        """Take out what a link counts as, before it is another."""
        self._ledger.open(IDENTITY_CONFLICT, "\0".join(pair))

    def take_out(self, root: str) -> None:
        """Take a subject out whose ids are about to change; its sets are derived anew from the facts."""
        self.segmented(root)
        for person in self._directory.persons_of(root):
            self.listener.renew(person)
        self.forget_all(root)

    def put_fresh(self, root: str, *, joined: bool = False) -> None:
        """A subject has other ids: it goes into the numbers when the batch ends.

        ``joined``: of two whose traits were put together. Else they are found again: what was taken out after it may
        have read them.
        """
        (self.forget if joined else self.forget_all)(root)
        for kind in SUBJECT_GROUPS:
            self._ledger.open_empty(kind, root)
        for person in self._directory.persons_of(root) if self._directory.account else (root,):
            self.put_fresh_person(person)

    def put_fresh_person(self, person: str) -> None:
        """The same for a person."""
        for kind in PERSON_GROUPS:
            self._ledger.open_empty(kind, person)
        self.listener.renew(person)

    def finish(self) -> None:
        """A batch ends: nothing is out of the numbers any more."""
        self.opened.clear()
        self.renewed.clear()

    # --- what was read of a subject

    def forget(self, root: str) -> None:
        """Remember nothing of what a subject owns: that is about to change, or has changed."""
        for kind in REMEMBERED:
            self.remembered.pop((root, kind), None)

    def forget_all(self, root: str) -> None:
        """Nor what is asserted of it."""
        self.forget(root)
        self._directory.traits.forget(root)

    def forget_short(self) -> None:
        """Remember only what is long to read again."""
        self.remembered = {key: held for key, held in self.remembered.items() if len(held) >= LONG}
