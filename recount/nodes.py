"""Ids in their namespaces, and pairs of them."""

from typing import Final, NamedTuple

SPACES: Final = ("customer", "lead", "user", "anonymous", "match")


class Node(NamedTuple):
    """An id in its namespace. Nodes sort in naming order: customer < lead < user < anonymous, then by text."""

    space: int
    text: str

    def __str__(self) -> str:
        return f"{SPACES[self.space]}:{self.text}"


Pair = tuple[Node, Node]
