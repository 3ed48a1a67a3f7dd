"""Which ids are one: the recount's sets are those of the rule as it is said, link by link and by search alone."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from recount.nodes import Node, Pair
from recount.ranks import ALONE, Ranks, lower, standing

NODES = [Node(space, str(number)) for space in range(5) for number in range(3)]


def ends(draw: st.DrawFn) -> Pair:
    """Two ids."""
    one, other = draw(st.lists(st.sampled_from(NODES), min_size=2, max_size=2, unique=True))
    return (one, other) if one < other else (other, one)


pairs = st.lists(st.composite(ends)(), unique=True, max_size=25)
few = st.lists(st.composite(ends)(), unique=True, max_size=3)


def reached(node: Node, links: list[Pair]) -> set[Node]:
    """The ids that any chain of links connects with one."""
    found = [node]
    for each in found:
        found += [other for link in links for one, other in (link, link[::-1]) if one == each and other not in found]
    return set(found)


def meetings(links: list[Pair]) -> set[Pair]:
    """Who meets whom of its own rank, among ids of that rank and lower ones; they are few ranks: see ``ALONE``."""
    found = set()
    for rank in range(len(ALONE)):
        below = [link for link in links if min(map(standing, link)) >= rank]
        for one, other in combinations([node for node in NODES if standing(node) == rank], 2):
            if other in reached(one, below):
                found.add((one, other))
    return found


@settings(max_examples=300, deadline=None)
@given(pairs, few)
def test_a_link_by_which_two_of_a_rank_would_meet_is_none(links: list[Pair], merged: list[Pair]) -> None:
    """One after the other, those of higher ids first."""
    kept = list(merged)
    refused: list[Pair] = []
    for link in sorted(links, key=lower):
        (refused if meetings([*kept, link]) != meetings(kept) else kept).append(link)
    found = Ranks(merged, links)
    assert found.refused == refused
    for node in NODES:
        assert found.set_of(0, node) == reached(node, kept)
        assert found.name(node) == min(reached(node, kept))


@settings(max_examples=300, deadline=None)
@given(pairs)
def test_an_id_belongs_to_the_first_it_was_linked_to(links: list[Pair]) -> None:
    """Without merges its first link to an id above it always counts, and of those to ids of one rank at most one."""
    found = Ranks([], [link for link in links if standing(link[0]) != standing(link[1])])
    for node in NODES:
        above = [link for link in links if node in link and min(map(standing, link)) < standing(node)]
        assert set(above[:1]).isdisjoint(found.refused)
        for rank in range(min(standing(node), len(ALONE))):
            to_one = [link for link in above if min(map(standing, link)) == rank]
            assert len(set(to_one) - set(found.refused)) <= 1


@settings(max_examples=300, deadline=None)
@given(pairs)
def test_no_two_users_are_one_without_a_customer(links: list[Pair]) -> None:
    """Nor two leads without a user or a customer."""
    found = Ranks([], links)
    for node in NODES:
        kinds = [standing(one) for one in found.set_of(0, node)]
        assert kinds.count(0) <= 1
        assert kinds.count(1) <= 1 or 0 in kinds
        assert kinds.count(2) <= 1 or {0, 1} & set(kinds)
