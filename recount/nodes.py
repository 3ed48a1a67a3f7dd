"""Ids in their name spaces, and pairs of them."""

from typing import Final, NamedTuple

SPACES: Final = ("customer", "lead", "user", "anonymous", "match")


class Node(NamedTuple):
    """An id in its name space. Nodes sort as subjects are named: customer < lead < user < anonymous, then the text."""

    space: int
    text: str

    def __str__(self) -> str:
        return f"{SPACES[self.space]}:{self.text}"


Pair = tuple[Node, Node]
