"""Relinking: retracts subjects before their ids are joined or split. Implements `partition.Watch`."""

from collections.abc import Callable, Iterable
from typing import Any

from kpis.identity.ids import rank
from kpis.identity.link import Link
from kpis.identity.partition import Component
from kpis.identity.ranks import Pair
from kpis.tenant.directory import Directory
from kpis.tenant.retractions import Retractions


class Relinking:
    """Applies changes of a tenant's links. ``follow`` completes it, as the identity graph is built with it."""

    def __init__(self, *, account: bool) -> None:
        self._account = account
        self._directory: Directory
        self._retractions: Retractions
        self._regrouping: Callable[[Iterable[str]], None]
        self._retracted: bool | None = None  # whether both subjects joined were retracted; None: one is split
        self._pair: Pair = ("", "")  # the link being changed
        self._reached: set[str] | None = None  # with accounts: the ids it reaches, once retracted

    def follow(self, directory: Directory, retractions: Retractions) -> None:
        """Set, once, the directory of these ids and what retracts their facts."""
        self._directory, self._retractions = directory, retractions

    def before(self, regrouping: Callable[[Iterable[str]], None]) -> None:
        """Set, once, the callback before the subjects of some ids change."""
        self._regrouping = regrouping

    def relink(self, pair: Pair, apply: Callable[[Link], Any]) -> bool:
        """Apply an assertion to a link, after retracting what it changes; returns whether the link changed."""
        identity = self._directory.identity
        self._pair, self._reached = pair, None
        has_changed = identity.change(pair, apply)
        if self._reached is not None:
            for root in {identity.root(node) for node in self._reached}:
                self._retractions.reemit(root)
        self._pair, self._reached = ("", ""), None
        return has_changed

    def has_facts(self, node: str) -> bool:
        """Whether an id has, or may have had, its own facts."""
        return self._directory.has_facts(node)

    def joining(self, one: Component, other: Component) -> None:
        """Retract both components, or nothing if one has no facts and the other keeps its name."""
        if self._account:
            self._join_accounts(one, other)
            return
        traits, retractions = self._directory.traits, self._retractions
        both, facts = (one, other), [each for each in (one, other) if each.facts]
        name = min((each.name for each in both), key=rank)
        self._retracted = len(facts) == 2 or (len(facts) == 1 and facts[0].name != name)
        latest = [traits.latest(each.name) for each in facts]
        if self._retracted:
            for each in facts:
                self.splitting(each)
        for each in both if self._retracted else (each for each in both if not each.facts):
            retractions.forget_all(each.name)
        if self._retracted:
            traits.join(name, latest)

    def splitting(self, one: Component) -> None:
        """Retract all that is counted for a component, once a batch."""
        if self._account:
            self._open_reach()
        elif one.facts and one.name not in self._retractions.renewed:
            self._regrouping(one.members)
            self._retractions.retract(one.name)
            self._retractions.renewed.add(one.name)
        self._retracted = None

    def changed(self, one: Component) -> None:
        """Schedule a changed component to be re-emitted."""
        if self._account or not one.facts:
            return
        if self._retracted is not False:
            self._retractions.reemit(one.name, joined=self._retracted is True)
            self._retractions.opened.add(one.name)
            self._retractions.renewed.add(one.name)

    def turning(self, pair: Pair) -> None:
        """A link is about to be a conflict, or to be none any more."""
        self._retractions.link(pair)

    def _join_accounts(self, one: Component, other: Component) -> None:
        """Retract what is reached, unless a new id without facts or other links joins and does not change the name."""
        name = min(one.name, other.name, key=rank)
        for each in (one, other):
            alone = len(each.members) == 1 and not each.facts and self._directory.identity.is_alone(each.name)
            if alone and each.name != name:
                return
        self._open_reach()

    def _open_reach(self) -> None:
        """Retract all that links reach, as with accounts a person may belong to several subjects."""
        if self._reached is None:
            identity = self._directory.identity
            nodes = self._reached = identity.reach(*self._pair)
            self._regrouping(nodes)
            for root in {identity.root(node) for node in nodes}:
                self._retractions.retract(root)
