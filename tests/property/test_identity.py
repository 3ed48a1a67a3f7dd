"""Components kept up link by link are those that are made from all links at once."""

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.identity.links import CUSTOMER, Identity, Link, rank
from kpis.slices import finish

NODES = [f"{kind}:{number}" for kind in ("customer", "lead", "user", "anonymous") for number in range(4)]
NODES += ["match:email_hash:5e", "match:phone_hash:5e"]
TIMES = st.integers(0, 12)

Told = tuple[str, tuple[str, str], int, str]  # what, pair, time, event id


@st.composite
def told(draw: st.DrawFn) -> Told:
    """One word on one pair of ids."""
    ends = draw(st.lists(st.sampled_from(NODES), min_size=2, max_size=2, unique=True))
    what = draw(st.sampled_from(("carried", "carried", "carried", "identified", "merged", "unmerged", "beside")))
    return what, Identity.pair(*ends), draw(TIMES), draw(st.sampled_from("abcdefgh"))


def saying(what: str, time: int, name: str) -> Callable[[Link], Any]:
    """What the word does to a link."""

    def say(link: Link) -> None:
        if what == "beside":
            link.beside = True
        if what in ("carried", "identified"):
            link.carry((time, "s", name))
        if what not in ("carried", "beside"):
            link.say((time, name, "s"), what != "unmerged", what != "identified")

    return say


class Plain:
    """The rule as it is written: forced links, then the others in their order, from all links at once."""

    def __init__(self, identity: Identity, ignored: tuple[str, ...]) -> None:
        self.parent: dict[str, str] = {}
        self.customers = {node for node in NODES if node.startswith(CUSTOMER)}
        linked = {
            pair: link
            for pair, link in identity.links.items()
            if link.on and not any(n.startswith(ignored) for n in pair)
        }
        for pair, link in linked.items():
            if link.merged:
                self.join(*pair, forced=True)
        in_order = sorted(
            (pair for pair, link in linked.items() if link.carried),
            key=lambda pair: (linked[pair].carried, sorted(map(rank, pair))),
        )
        self.conflicts = sum(not self.join(*pair, forced=False) for pair in in_order)

    def find(self, node: str) -> str:
        """Any node that stands for its component."""
        while node in self.parent:
            node = self.parent[node]
        return node

    def join(self, one: str, other: str, *, forced: bool) -> bool:
        """Says whether they are one now."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return True
        if one in self.customers and other in self.customers and not forced:
            return False
        self.parent[other] = one
        if other in self.customers:
            self.customers.add(one)
        return True


def components(find: Callable[[str], str], nodes: Iterable[str] = NODES) -> set[tuple[str, ...]]:
    """Disjoint sets, each in rank order."""
    found: dict[str, list[str]] = {}
    for node in sorted(nodes, key=rank):
        found.setdefault(find(node), []).append(node)
    return set(map(tuple, found.values()))


def persons(identity: Identity) -> set[tuple[str, ...]]:
    """The same of persons in accounts."""
    parent: dict[str, str] = {}

    def find(node: str) -> str:
        while node in parent:
            node = parent[node]
        return node

    for (one, other), link in identity.links.items():
        beside = not any(node.startswith((CUSTOMER, "match:phone")) for node in (one, other))
        if beside and link.one_person and find(one) != find(other):
            parent[find(one)] = find(other)
    return components(find, [node for node in NODES if not node.startswith(CUSTOMER)])


def check(identity: Identity) -> None:
    """Names, members, conflicts, persons and merged ids are those of all links at once."""
    plain = Plain(identity, ("match:phone",))
    assert components(identity.root) == components(plain.find)
    for group in components(identity.root):
        assert {identity.root(node) for node in group} == {group[0]}
        assert sorted(identity.members(group[0])) == sorted(group)
    assert identity.conflicts == plain.conflicts
    expected = persons(identity) if identity.apart else components(plain.find)
    others = [node for node in NODES if not identity.apart or not node.startswith(CUSTOMER)]
    assert components(identity.person, others) == expected
    for group in expected:
        assert {identity.person(node) for node in group} == {group[0]}
        assert sorted(identity.person_members(group[0])) == sorted(group)
    for node in NODES:
        merged = {node}
        for _ in NODES:
            merged |= {
                other for pair, link in identity.links.items() if link.merged
                for one, other in (pair, pair[::-1]) if one in merged and one.split(":")[0] == other.split(":")[0]
            }  # fmt: skip
        assert list(identity.merged_with(node)) == sorted(merged)


@settings(max_examples=400, deadline=None)
@given(st.lists(told(), min_size=1, max_size=60), st.booleans())
def test_whatever_is_said_in_whatever_order(words: list[Told], account: bool) -> None:
    """Links that come earlier than others, merges and what takes them back, conflicts: after each word."""
    identity = Identity(apart=account, match_on=["email_hash"])
    for what, pair, time, name in words:
        identity.change(pair, saying(what, time, name))
        check(identity)


@settings(max_examples=200, deadline=None)
@given(st.lists(told(), min_size=1, max_size=60), st.lists(told(), max_size=20), st.booleans())
def test_links_that_are_loaded_and_changed_after(words: list[Told], more: list[Told], account: bool) -> None:
    """A restart goes on as if nothing had been."""
    one = Identity(apart=account, match_on=["email_hash"])
    for what, pair, time, name in words:
        one.change(pair, saying(what, time, name))
    other = Identity(apart=account, match_on=["email_hash"])
    for pair, link in one.links.items():
        other.load(pair, link.encode())
    finish(other.rebuild_all())
    check(other)
    for what, pair, time, name in more:
        other.change(pair, saying(what, time, name))
        check(other)
