"""The model of `crmkpi dlq`: dead letters, selections of them, and marks of those dealt with. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

OURS: Final = "crmkpi."
NOT_AGAIN: Final = {"id_conflict": "its id is taken by an event with different content: send it under another id"}
Headers = Sequence[tuple[str, bytes]]


class Letter(NamedTuple):
    """One dead letter. ``origin`` is the event's place in its input topic, shared by repeats after a crash."""

    origin: tuple[str, int, int]
    at: int  # rejected at, ms UTC
    tenant: str
    stage: str
    reason: str
    field: str
    detail: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]  # the event's own
    truncated: int | None  # size of the whole event in bytes, if the letter only has its beginning
    sha256: str
    reconstructed: bool  # rebuilt from the journal: not the original bytes

    @property
    def id(self) -> str:
        """Its id, as shown to users."""
        return "/".join(map(str, self.origin))


@dataclass
class Choice:
    """A selection of letters."""

    ids: Sequence[str] = ()
    tenant: str | None = None
    reason: str | None = None
    since: int | None = None  # ms

    def holds(self, letter: Letter) -> bool:
        """Whether a letter is selected."""
        return (
            (not self.ids or letter.id in self.ids)
            and self.tenant in (None, letter.tenant)
            and self.reason in (None, letter.reason)
            and (self.since is None or letter.at >= self.since)
        )


class Group(NamedTuple):
    """Letters of one kind."""

    topic: str
    reason: str
    field: str
    letters: int
    newest: int  # ms
    example: str  # an id


def letter_of(record: Any) -> Letter | None:
    """A record of a dead-letter topic; None if it was not written by us."""
    ours = {name: value.decode(errors="replace") for name, value in record.headers if name.startswith(OURS)}
    try:
        origin = ours["crmkpi.topic"], int(ours["crmkpi.partition"]), int(ours["crmkpi.offset"])
    except (KeyError, ValueError):
        return None
    own = tuple((name, value) for name, value in record.headers if not name.startswith(OURS))
    cut = ours.get("crmkpi.truncated", "")
    stage, reason, field, detail = (ours.get(OURS + name, "") for name in ("stage", "reason", "field", "detail"))
    return Letter(
        origin,
        record.timestamp,
        ours.get("crmkpi.tenant") or _tenant(record.value, own),
        stage,
        reason,
        field,
        detail,
        record.key,
        record.value,
        own,
        int(cut) if cut.isdecimal() else None,
        ours.get("crmkpi.sha256", ""),
        "crmkpi.reconstructed" in ours or _is_row(stage, record.value),
    )


def _tenant(value: bytes | None, headers: Headers) -> str:
    """The tenant of a letter written by an earlier release, from its event."""
    try:
        body = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        body = None
    named = body.get("tenantid") if isinstance(body, dict) else dict(headers).get("ce_tenantid", b"").decode("latin-1")
    return named if isinstance(named, str) and named else "default"


def _is_row(stage: str, value: bytes | None) -> bool:
    """Whether it is a conflict written by an earlier release, with the journal's row as content."""
    return stage == "count" and (value or b"").startswith(b"[")


def open_letters(letters: Iterable[Letter], marks: Mapping[str, Mapping[str, Any]]) -> dict[str, Letter]:
    """Letters not dealt with, the latest per origin. A letter written after its mark counts as new."""
    found = {letter.id: letter for letter in letters}
    return {id_: one for id_, one in found.items() if id_ not in marks or one.at > marks[id_]["at"]}


def grouped(letters: Iterable[Letter]) -> list[Group]:
    """By topic, reason and field; the largest group first."""
    found: dict[tuple[str, str, str], list[Letter]] = {}
    for letter in letters:
        found.setdefault((letter.origin[0], letter.reason, letter.field), []).append(letter)
    groups = []
    for kind, held in found.items():
        newest = max(held, key=lambda letter: letter.at)
        groups.append(Group(*kind, len(held), newest.at, newest.id))
    return sorted(groups, key=lambda group: (-group.letters, group))


def mark(letter: Letter, did: str, at: int) -> tuple[bytes, bytes]:
    """A record of the marks topic: a letter was ``retried`` or ``discarded``."""
    return letter.id.encode(), orjson.dumps({"v": 1, "did": did, "at": at})


def marks(records: Iterable[tuple[bytes, bytes | None]]) -> dict[str, dict[str, Any]]:
    """The marks, by letter."""
    return {key.decode(errors="replace"): found for key, value in records if (found := _mark_of(value)) is not None}


def _mark_of(value: bytes | None) -> dict[str, Any] | None:
    try:
        found = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None  # revoked, or not ours
    return found if isinstance(found, dict) and "at" in found else None


class Sending(NamedTuple):
    """What a retry sends."""

    letter: Letter
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def sending(letter: Letter, original: Callable[[Letter], Any]) -> Sending | str:
    """The event exactly as it was sent, or why it cannot be retried.

    ``original`` returns the record from the input topic if it is still there, otherwise None. It is only called for
    incomplete letters.
    """
    if why := NOT_AGAIN.get(letter.reason):
        return why
    if letter.truncated is None and not letter.reconstructed:
        return Sending(letter, letter.key, letter.value, list(letter.headers))
    found = original(letter)
    if found is None:
        return "the dead letter does not hold the event as it was sent, and it is no longer in the input topic"
    if letter.sha256 and hashlib.sha256(found.value or b"").hexdigest() != letter.sha256:
        return "the input topic holds a different record at this offset: the topic was recreated"
    return Sending(letter, found.key, found.value, list(found.headers))
