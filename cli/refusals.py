"""Counts refusals by reason, with the first lines of each."""

from collections.abc import Iterator
from typing import Final

from cli.nearly import meant
from models.record import RawRecord
from models.refused import Rejection

FIRST: Final = 5  # lines shown per reason


class Refusals:
    """Counts by reason; only the first lines of each reason are kept."""

    def __init__(self) -> None:
        self.total = 0
        self.by_reason: dict[str, int] = {}
        self._first: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return self.total

    def add(self, reason: str, place: str, what: str) -> None:
        """One refusal. ``reason`` groups, ``place`` is "name, line N", ``what`` is why, in words."""
        self.total += 1
        self.by_reason[reason] = self.by_reason.get(reason, 0) + 1
        first = self._first.setdefault(reason, [])
        if len(first) < FIRST:
            first.append(f"{place}: {what}")

    def lines(self) -> Iterator[str]:
        """The first lines of each reason, and how many more there are; the most frequent reason first."""
        for reason, count in sorted(self.by_reason.items(), key=lambda item: -item[1]):
            yield from self._first[reason]
            if count > FIRST:
                yield f"… and {count - FIRST:,} more: {reason}"


def reason_of(rejection: Rejection) -> str:
    """The group of a rejection: reason and field."""
    return " ".join(filter(None, [rejection.reason, rejection.field]))


def place_of(record: RawRecord) -> str:
    """The place of a line: "name, line N"."""
    return f"{record.topic}, line {record.offset}"


def words_of(rejection: Rejection) -> str:
    """Why a line was refused, in words, with a hint."""
    return f"{reason_of(rejection)}: {rejection.detail}{meant(rejection)}"
