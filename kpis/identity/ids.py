"""How ids, persons within accounts and segments are spelled."""

from functools import lru_cache
from typing import Any, Final

from kpis.identity.links import KINDS

SEGMENT_LENGTH: Final = 200  # characters of a segment's value; longer ones that begin alike are one
NODE_SPACES: Final = tuple(f"{kind}:" for kind in KINDS)
CONTACT: Final = "contact:"
WITHIN: Final = "within:"  # a person's id within an account: ``within:<length>:<account's id><person's id>``


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
