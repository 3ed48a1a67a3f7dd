"""Relinking: ids are about to be joined or parted, so their subjects are retracted. See `partition.Watch`."""

from collections.abc import Callable, Iterable
from typing import Any

from kpis.identity.ids import rank
from kpis.identity.link import Link
from kpis.identity.partition import Component
from kpis.identity.ranks import Pair
from kpis.tenant.directory import Directory
from kpis.tenant.retractions import Retractions


class Relinking:
    """What a tenant's links change. ``follow`` completes it, as the ids it watches are made with it."""

    def __init__(self, *, account: bool) -> None:
        self._account = account
        self._directory: Directory
        self._retractions: Retractions
        self._regrouping: Callable[[Iterable[str]], None]
        self._is_fresh: bool | None = None  # whether two that are joined were taken out; None: one is split
        self._pair: Pair = ("", "")  # the link that is changed,
        self._reached: set[str] | None = None  # and in accounts the ids that it reaches, taken out

    def follow(self, directory: Directory, retractions: Retractions) -> None:
        """Set, once, whose ids these are, and what takes their facts out of the numbers."""
        self._directory, self._retractions = directory, retractions

    def before(self, regrouping: Callable[[Iterable[str]], None]) -> None:
        """Set, once, what is done before the subjects of some ids change."""
        self._regrouping = regrouping

    def relink(self, pair: Pair, say: Callable[[Link], Any]) -> bool:
        """Let a link hear what an event says; whatever that changes is taken out before. Says whether it was news."""
        identity = self._directory.identity
        self._pair, self._reached = pair, None
        news = identity.change(pair, say)
        if self._reached is not None:
            for root in {identity.root(node) for node in self._reached}:
                self._retractions.put_fresh(root)
        self._pair, self._reached = ("", ""), None
        return news

    def has_facts(self, node: str) -> bool:
        """Whether an id has facts of its own, or may have had."""
        return self._directory.has_facts(node)

    def joining(self, one: Component, other: Component) -> None:
        """Two are about to be one: both are taken out. Where one has no facts, only a change of name is a change."""
        if self._account:
            self._join_accounts(one, other)
            return
        traits, retractions = self._directory.traits, self._retractions
        both, facts = (one, other), [each for each in (one, other) if each.facts]
        name = min((each.name for each in both), key=rank)
        self._is_fresh = len(facts) == 2 or (len(facts) == 1 and facts[0].name != name)
        latest = [traits.latest(each.name) for each in facts]
        if self._is_fresh:
            for each in facts:
                self.splitting(each)
        for each in both if self._is_fresh else (each for each in both if not each.facts):
            retractions.forget_all(each.name)
        if self._is_fresh:
            traits.join(name, latest)

    def splitting(self, one: Component) -> None:
        """One is about to be another one: all that is counted of it is taken out. Once a batch."""
        if self._account:
            self._open_reach()
        elif one.facts and one.name not in self._retractions.renewed:
            self._regrouping(one.members)
            self._retractions.take_out(one.name)
            self._retractions.renewed.add(one.name)
        self._is_fresh = None

    def made(self, one: Component) -> None:
        """One has other ids now."""
        if self._account or not one.facts:
            return
        if self._is_fresh is not False:
            self._retractions.put_fresh(one.name, joined=self._is_fresh is True)
            self._retractions.opened.add(one.name)
            self._retractions.renewed.add(one.name)

    def turning(self, pair: Pair) -> None:
        """A link is about to be a conflict, or to be none any more."""
        self._retractions.link(pair)

    def _join_accounts(self, one: Component, other: Component) -> None:
        """An id that came without facts or other links changes nothing where it does not give its name."""
        name = min(one.name, other.name, key=rank)
        for each in (one, other):
            alone = len(each.members) == 1 and not each.facts and self._directory.identity.is_alone(each.name)
            if alone and each.name != name:
                return
        self._open_reach()

    def _open_reach(self) -> None:
        """In accounts persons may be of several subjects: all that links reach is taken out."""
        if self._reached is None:
            identity = self._directory.identity
            nodes = self._reached = identity.reach(*self._pair)
            self._regrouping(nodes)
            for root in {identity.root(node) for node in nodes}:
                self._retractions.take_out(root)
