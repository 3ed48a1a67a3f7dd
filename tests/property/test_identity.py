"""Components kept up link by link are those that are made from all links at once."""

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.identity.ids import CUSTOMER, rank
from kpis.identity.link import Link
from kpis.identity.links import Identity
from kpis.slices import finish
from recount.nodes import SPACES, Node, Pair
from recount.ranks import Ranks

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
            link.carry_beside((time, "s", name))
        if what in ("carried", "identified"):
            link.carry((time, "s", name))
        if what not in ("carried", "beside"):
            link.assert_link((time, name, "s"), what != "unmerged", what != "identified")

    return say


def node_of(name: str) -> Node:
    """An id as the recount has it."""
    kind, _, text = name.partition(":")
    return Node(SPACES.index(kind), text)


def plain(identity: Identity, *, of_persons: bool = False) -> Ranks:
    """The rule as the recount has it: merges, then the others in their order, from all links at once."""
    merged: list[Pair] = []
    told: list[tuple[Any, Pair]] = []
    for names, link in identity.links.items():
        ends = sorted(map(node_of, names))
        pair = (ends[0], ends[1])
        if any(str(node).startswith("match:phone") or (of_persons and not node.space) for node in pair):
            continue
        if link.merged:
            merged.append(pair)
        elif link.one_person if of_persons else link.on:
            told.append((link.together if of_persons else link.carried, pair))
    return Ranks(merged, [pair for _, pair in sorted(told)])


def components(find: Callable[[str], str], nodes: Iterable[str] = NODES) -> set[tuple[str, ...]]:
    """Disjoint sets, each in rank order."""
    found: dict[str, list[str]] = {}
    for node in sorted(nodes, key=rank):
        found.setdefault(find(node), []).append(node)
    return set(map(tuple, found.values()))


def sets(ranks: Ranks, nodes: Iterable[str] = NODES) -> set[tuple[str, ...]]:
    """The recount's sets."""
    return components(lambda name: str(ranks.name(node_of(name))), nodes)


def check(identity: Identity) -> None:
    """Names, members, conflicts, persons and merged ids are those of all links at once."""
    subjects = plain(identity)
    assert components(identity.root) == sets(subjects)
    for group in components(identity.root):
        assert {identity.root(node) for node in group} == {group[0]}
        assert sorted(identity.members(group[0])) == sorted(group)
    refused = set(subjects.refused)
    others = [node for node in NODES if not identity.apart or not node.startswith(CUSTOMER)]
    expected = sets(subjects)
    if identity.apart:
        persons = plain(identity, of_persons=True)
        refused |= set(persons.refused)
        expected = sets(persons, others)
    assert identity.conflicts == len(refused)
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
