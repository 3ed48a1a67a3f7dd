"""Converts facts stored by an earlier build to the current form, for comparing entries.

The engine reads old entries as they are and rewrites one only when it changes, so a state may hold both forms
indefinitely. The numbers are the same.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson

from kpis.facts.page_paths import page_by
from kpis.facts.touches import PAGE
from kpis.identity.pseudonyms import is_plain, pseudonym
from kpis.intake.kinds import LISTS
from kpis.state.stored import Entry, chunk_key, fact_key, json_bytes
from kpis.tenant.chunks import FULL, Chunks

MESSAGE: Final = "message:"  # prefix of a message id among ids of all kinds
NUL: Final = "\0"


def renewed(key: bytes, value: bytes) -> list[Entry] | None:
    """The current form of an earlier build's entry; None if it is already current."""
    if key[:1] not in (b"f", b"i"):
        return None
    tenant, kind, *rest = key[1:].decode().split("\0", 2)
    if kind in LISTS:
        return _cut(tenant, kind, rest[0], value)
    name = NAMES.get(kind, _name)(tenant, rest[0] if rest else "")
    new = VALUES[kind](tenant, rest[0], orjson.loads(value)) if kind in VALUES else None
    if new is None and (not rest or name == rest[0]):
        return None
    return [(fact_key(tenant, kind, name), value if new is None else json_bytes(new))]


def _cut(tenant: str, kind: str, name: str, value: bytes) -> list[Entry] | None:
    """A list that was stored in one piece, or that contains click ids."""
    if kind != "conversion" and len(value) <= FULL:
        return None
    facts = orjson.loads(value)
    if kind == "conversion":
        facts = [[time, click and pseudonym(tenant, click)] for time, click in facts]
    found = list(Chunks().dirty(kind, name, facts))
    if len(found) == 1 and found[0][1] == value:
        return None
    return [(chunk_key(tenant, kind, name, number), part) for number, part in found]


def _name(tenant: str, name: str) -> str:
    """The key of a message's owner, traits or touches."""
    message, nul, rest = name.removeprefix(MESSAGE).partition("\0")
    return f"{MESSAGE}{pseudonym(tenant, message)}{nul}{rest}" if name.startswith(MESSAGE) else name


def _message(tenant: str, name: str) -> str:
    message, _, recipient = name.partition("\0")
    if not is_plain(message):
        return name
    return NUL.join((pseudonym(tenant, message), recipient and pseudonym(tenant, f"{message}{NUL}{recipient}")))


def _click(tenant: str, name: str) -> str:
    return name if NUL in name else pseudonym(tenant, name)  # without a click id, the source and event id identify it


def _form(tenant: str, name: str) -> str:
    raw, form, visit = name.rsplit("\0", 2)
    return name if visit[0] != "s" else f"{raw}\0{form}\0s{pseudonym(tenant, visit[1:])}"


def _touch(tenant: str, name: str, stored: list[Any]) -> list[Any] | None:
    """A chunk of touches: sessions of page views, and the clicks they came from."""
    packed, notes, pages = stored
    notes = [
        pseudonym(tenant, note) if isinstance(note, str) and at >> 4 & 0xFF == PAGE else note
        for at, note in zip(packed, notes, strict=True)
    ]
    pages = [page if page is None or "\0" not in page else page_by(tenant, page) for page in pages]
    return None if [packed, notes, pages] == stored else [packed, notes, pages]


NAMES: Final[dict[str, Callable[[str, str], str]]] = {"message": _message, "click": _click, "form": _form}
VALUES: Final[dict[str, Callable[[str, str, Any], Any]]] = {"touch": _touch}
