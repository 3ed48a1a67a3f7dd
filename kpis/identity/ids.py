"""How ids, persons within accounts and segments are spelled, and which ids an event carries."""

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
MATCH: Final = "match:"  # a hash that several ids share: a node that nothing is ever filed under
MATCHING: Final = ("email_hash", "phone_hash")
PERSON_KINDS: Final = ("user", "lead", "anonymous")

SEGMENT_LENGTH: Final = 200  # characters of a segment's value; longer ones that begin alike are one
NODE_SPACES: Final = tuple(f"{kind}:" for kind in KINDS)
CONTACT: Final = "contact:"
WITHIN: Final = "within:"  # a person's id within an account: ``within:<length>:<account's id><person's id>``


def named_ids(data: dict[str, Any]) -> list[str]:
    """The ids an event carries, in their order of rank, with their name space: ``["customer:17", "anonymous:v-3"]``."""
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
    """Which of an account's ids tells the person: the user, else the lead, else the visitor."""
    return PERSON_KINDS.index(node.partition(":")[0])


def within(account: str, person: str) -> str:
    """The name under which touches are kept that name an account and one of its persons."""
    return f"{WITHIN}{len(account)}:{account}{person}"


@lru_cache(maxsize=16384)
def split_within(raw: str) -> tuple[str, str]:
    """The account's and the person's id of such a name."""
    length, _, both = raw.removeprefix(WITHIN).partition(":")
    return both[: int(length)], both[int(length) :]


def value_of(value: Any) -> str | None:
    """The value of a dimension as text; a list or an object is none. Equal texts are one value: 1 and true are two."""
    if value is None or type(value) is str:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else None


def segment_of(dimension: str, value: Any) -> str:
    """A segment's text. Missing is `unknown`; other values as text, at most 200 characters."""
    if value is None or value == "":
        return f"{dimension}=unknown"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{dimension}={text[:SEGMENT_LENGTH]}"
