"""Ids of a row's events, and corrections for a row that has changed since the last import. Pure.

The same row always yields the same events. Of a changed row only what changed gets a new id, which sorts after the
previous one; changes that no further event can express are refused by name.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from cli.faults import RowError
from cli.fields import is_restated
from cli.ledger import Entry, Past, content_of
from cli.rows import Draft

NEW: Final = Entry(0, {})
REOPENED: Final = "deal.reopened"
_CLOSING: Final = ("deal.won", "deal.lost")
_EARLIEST: Final = ("deal.created", "order.cancelled", "lead.", "customer.")  # of several the earliest wins
_LENGTH: Final = 160  # characters of a key that are used in an id unescaped


class Named(NamedTuple):
    """Events with their ids, and their ledger entry."""

    events: list[dict[str, Any]]  # id, type, time, data
    entry: Entry
    corrected: bool = False  # the row was imported before with different content


def labels(drafts: Sequence[Draft]) -> list[str]:
    """Labels that distinguish a row's events: the type, with a number if it recurs."""
    found: list[str] = []
    for draft in drafts:
        name = draft.type.removeprefix("crm.")
        count = sum(one.split("#")[0] == name for one in found) + 1
        found.append(name if count == 1 else f"{name}#{count}")
    return found


def by_revision(drafts: Sequence[Draft], revision: str) -> list[dict[str, Any]]:
    """The events of a row with its own sortable revision: no ledger needed."""
    return [
        _event(_id(draft, label, revision.lstrip("0") or "0", revision), draft, draft.time, _versioned(draft, revision))
        for draft, label in zip(drafts, labels(drafts), strict=True)
    ]


def by_ledger(drafts: Sequence[Draft], before: Entry | None) -> Named:
    """The events of one key, which all drafts have. Raises RowError for a change that cannot be made."""
    past = before or NEW
    change = _Change(past)
    events = [change.event(draft, label) for draft, label in zip(drafts, labels(drafts), strict=True)]
    events += change.reopened(drafts[0])
    return Named(events, change.entry(), change.changed and past.revision > 0)


class _Change:
    """The change from a key's previous events to its current ones."""

    def __init__(self, past: Entry) -> None:
        self._past = past
        self._number = past.revision + 1
        self._events: dict[str, Past] = {}
        ends = [one.said for label, one in past.events.items() if label.startswith("deal.") and label != "deal.created"]
        self._last = max(ends, default=-1)
        self.changed = False

    def event(self, draft: Draft, label: str) -> dict[str, Any]:
        """The event as before if nothing changed, otherwise in a new revision."""
        content, time, old = content_of(draft.data), _ms(draft.time), self._past.events.get(label)
        if old is None or (old.content, old.time) != (content, time):
            self.changed = True
            if old is not None:
                _check(draft, label, old, content, time)
            old = Past(content, time, self._number, self._said(label, time))
        self._events[label] = old
        data, text = draft.data, draft.time
        if old.said != time:
            text = _text(old.said)
            data = {**data, "closed_at": data.get("closed_at", draft.time)} if label in _CLOSING else data
        return _event(
            _id(draft, label, str(old.revision) if old.revision > 1 else "", f"{old.revision:04}"), draft, text, data
        )

    def reopened(self, draft: Draft) -> Iterator[dict[str, Any]]:
        """Reopens a deal that was won or lost before. Raises RowError for any other event that has disappeared."""
        closed = any(label in _CLOSING for label in self._events)
        gone = [label for label in self._past.events if label not in self._events]
        if not closed and any(label in (*_CLOSING, REOPENED) for label in gone):
            old = self._past.events.get(REOPENED)
            if old is None:
                self.changed = True
                old = Past("", self._last + 1, self._number, self._last + 1)
            self._events[REOPENED] = old
            again = draft._replace(type=f"crm.{REOPENED}", data={"deal_id": draft.data.get("deal_id", draft.key)})
            yield _event(
                _id(again, REOPENED, str(old.revision), f"{old.revision:04}"), again, _text(old.said), again.data
            )
        lost = [label for label in gone if label not in (*_CLOSING, REOPENED)]
        if lost and not self.changed:
            raise RowError("taken back", f"{lost[0]} of {draft.key} was imported before, and the row no longer says so")
        self._events |= {label: self._past.events[label] for label in lost}

    def entry(self) -> Entry:
        """The new ledger entry."""
        return Entry(self._number if self.changed else self._past.revision, self._events)

    def _said(self, label: str, time: int) -> int:
        """The event's time: after everything imported of the deal before, so that it wins."""
        follows = label.startswith("deal.") and label != "deal.created" and self._past.revision > 0
        return max(time, self._last + 1) if follows else time


def _check(draft: Draft, label: str, old: Past, content: str, time: int) -> None:
    if not is_restated(draft.type):
        raise RowError(
            "cannot be corrected", f"{label} {draft.key} was imported before with other content, and still counts"
        )
    if (label.startswith("deal.") and label != "deal.created") or time == old.time:
        return
    earliest = label.startswith(_EARLIEST)
    if (time > old.time) if earliest else (time < old.time):
        way = "later" if earliest else "earlier"
        raise RowError(
            "cannot be corrected", f"{label} {draft.key} was imported before at another time, and cannot be made {way}"
        )
    if earliest and content != old.content:
        raise RowError(
            "cannot be corrected", f"{label} {draft.key} has both another time and other content than before"
        )


def _event(identity: str, draft: Draft, time: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"id": identity, "type": draft.type, "time": time, "data": data}


def _versioned(draft: Draft, revision: str) -> dict[str, Any]:
    """Adds a version to a deal's event: deals are ordered by version, whatever the dates of a corrected row."""
    if draft.type.startswith("crm.deal.") and draft.type != "crm.deal.created" and "version" not in draft.data:
        return {**draft.data, "version": int(revision)}
    return draft.data


def _id(draft: Draft, label: str, revision: str, sorting: str) -> str:
    key = (
        draft.key
        if len(draft.key) <= _LENGTH
        else f"{draft.key[:100]}~{blake2b(draft.key.encode(), digest_size=12).hexdigest()}"
    )
    if draft.own:
        return f"{key}~{sorting}" if revision else key
    return f"{key}/~{sorting}/{label}" if revision else f"{key}/{label}"


@lru_cache(65_536)
def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
