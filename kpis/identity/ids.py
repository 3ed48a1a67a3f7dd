"""The text form of ids, persons within accounts and segments; the ids that an event carries."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

KINDS: Final = ("customer", "lead", "user", "anonymous", "match")
FIELDS: Final = (
    ("customer_id", "customer:"),
    ("lead_id", "lead:"),
    ("user_id", "user:"),
    ("anonymous_id", "anonymous:"),
)
CUSTOMER: Final = "customer:"
MATCH: Final = "match:"  # a hash that several ids share: a node in the graph that never has facts
MATCHING: Final = ("email_hash", "phone_hash")
PERSON_KINDS: Final = ("user", "lead", "anonymous")

SEGMENT_LENGTH: Final = 200  # characters of a segment's value; longer values are cut, so they may coincide
NODE_SPACES: Final = tuple(f"{kind}:" for kind in KINDS)
CONTACT: Final = "contact:"
WITHIN: Final = "within:"  # a person's id within an account: ``within:<length>:<account's id><person's id>``


def named_ids(data: dict[str, Any]) -> list[str]:
    """The ids an event carries, prefixed, in order of rank: ``["customer:17", "anonymous:v-3"]``."""
    found = []
    for field, prefix in FIELDS:
        if field in data and (name := data[field]) is not None:
            found.append(prefix + name)
    return found


def hash_nodes(data: dict[str, Any], fields: Iterable[str]) -> list[str]:
    """The hashes an event carries, as nodes: ``["match:email_hash:5e1f…"]``."""
    return [f"{MATCH}{field}:{data[field]}" for field in fields if data.get(field)]


def rank(node: str) -> tuple[int, str]:
    """The total order of ids: customers, leads, users, anonymous, then by text."""
    return KINDS.index(node.partition(":")[0]), node


def person_rank(node: str) -> int:
    """Rank among the ids that identify a person within an account: the user, then the lead, then the visitor."""
    return PERSON_KINDS.index(node.partition(":")[0])


def within(account: str, person: str) -> str:
    """The id under which touches are stored that name both an account and one of its persons."""
    return f"{WITHIN}{len(account)}:{account}{person}"


@lru_cache(maxsize=16384)
def split_within(raw: str) -> tuple[str, str]:
    """The account id and the person id of an id made by `within`."""
    length, _, both = raw.removeprefix(WITHIN).partition(":")
    return both[: int(length)], both[int(length) :]


def value_of(value: Any) -> str | None:
    """A dimension's value as text; None for a list or object. Values with equal text are equal: not 1 and true."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else None


def segment_of(dimension: str, value: Any) -> str:
    """A segment as text, ``dimension=value``. A missing value is `unknown`; the value is cut to 200 characters."""
    if value is None or value == "":
        return f"{dimension}=unknown"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{dimension}={text[:SEGMENT_LENGTH]}"
