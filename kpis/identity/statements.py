"""What identity events assert about pairs of ids."""

from collections.abc import Callable
from typing import Any

from kpis.identity.ids import MATCH, NODE_SPACES, named_ids
from kpis.identity.link import Link
from kpis.identity.ranks import Pair
from models.record import Row


def link_assertions(kind: str, row: Row) -> dict[Pair, Callable[[Link], Any]]:
    """The pairs that an identity event is about, each with the function that applies its assertion to the link."""
    data, stamp = row.data, (row.time, row.id, row.source)
    pairs = _merge_pairs(data) if kind != "identified" else set()
    if kind == "identified" or data.get("winner_id") is None:
        ids = named_ids(data)
        pairs = {(min(ids[0], other), max(ids[0], other)) for other in ids[1:]}
    on, merges = kind != "unmerged", kind in ("merged", "unmerged")
    if kind not in ("identified", "merged", "unmerged"):
        return {}
    carried = (row.time, row.source, row.id) if kind == "identified" else None

    def apply(link: Link) -> None:
        link.assert_link(stamp, on, merges)
        if carried:
            link.carry(carried)

    return dict.fromkeys(pairs, apply)


def _merge_pairs(data: dict[str, Any]) -> set[tuple[str, str]]:
    winner, losers = data.get("winner_id"), data.get("loser_ids") or ()
    if winner is None:
        return set()
    names = [_named(one, data.get("entity", "customer")) for one in (winner, *losers)]
    return {(min(names[0], n), max(names[0], n)) for n in names[1:] if n and names[0] and n != names[0]}


def _named(name: Any, entity: str) -> str:
    """An id with its prefix; empty if the prefix is unknown."""
    text = str(name)
    if text.startswith(NODE_SPACES) and not text.startswith(MATCH):
        return text
    return f"{entity}:{text}" if f"{entity}:" in NODE_SPACES and entity != "match" else ""
