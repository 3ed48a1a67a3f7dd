"""Compares what the previous release stored by local day with a recount by quarter hour. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import orjson

from cli.entries import Pair
from kpis.state.stored import sums

KIND: Final = "priced"
FORM: Final = b"form"
Place = tuple[str, str]  # tenant, currency


class Before:
    """Both kinds: amounts received, and forms without a session."""

    def __init__(self) -> None:
        self._money, self._forms = MoneyBefore(), FormsBefore()

    def take(self, pair: Pair, text: str) -> bool:
        """Take an entry and its difference (empty: none). Returns whether it is compared here."""
        return self._forms.take(pair, text) or (bool(text) and self._money.take(pair, text))

    def measure(self, tenant: str, measure: str, level: str, total: int) -> bool:
        """Take a stored sum without a counterpart in the recount. Returns whether it is compared here."""
        return self._money.measure(tenant, measure, level, total)

    def differences(self) -> Iterator[str]:
        """What differs, after the last entry."""
        yield from self._money.differences()
        yield from self._forms.differences()


class MoneyBefore:
    """Differences of amounts, deferred until all entries are read: only sums are comparable with that release."""

    def __init__(self) -> None:
        self._measures: Counter[Place] = Counter()  # counted by the previous release
        self._entries: Counter[Place] = Counter()  # stored less recounted
        self._texts: dict[Place, list[str]] = {}

    def take(self, pair: Pair, text: str) -> bool:
        """Take an entry and its difference. False if it is not an amount."""
        tenant, kind, *name = pair.key[1:].decode(errors="replace").split("\0")
        if pair.key[:1] == b"f" and kind == KIND:
            place = tenant, name[0]
            self._entries[place] += _number(pair.kept) - _number(pair.counted)
            self._texts.setdefault(place, []).append(text)
            return True
        if pair.key[:1] != b"c" or pair.kept is None or pair.counted is not None:
            return False
        return all(self.measure(tenant, measure, name[-1][0], total) for measure, total in sums(pair.kept).items())

    def measure(self, tenant: str, measure: str, level: str, total: int) -> bool:
        """Take a stored sum without a counterpart in the recount. False if it is not an amount."""
        base, _, suffix = measure.partition(":")
        if base != KIND:
            return False
        if level == "d":  # which holds all of it
            self._measures[tenant, suffix.partition(":")[0]] += total
        return True

    def differences(self) -> Iterator[str]:
        """What differs, after the last entry."""
        for place in dict.fromkeys((*self._measures, *self._entries)):
            if place not in self._measures:
                yield from self._texts[place]
            elif more := self._measures[place] + self._entries[place]:
                yield f"{place[0]}: money in {place[1]} was counted {more} times more than recounted"


def _number(entry: bytes | None) -> int:
    return sum(orjson.loads(entry)[1::2]) if entry else 0


class FormsBefore:
    """Forms without a session, one id and form at a time: entries are sorted by key."""

    def __init__(self) -> None:
        self._differences: list[str] = []
        self._of = b""
        self._dated = False  # some are stored by the previous release
        self._sides: tuple[list[Any], list[Any]] = ([], [])  # stored, recounted
        self._texts: list[str] = []

    def take(self, pair: Pair, text: str) -> bool:
        """Take an entry and its difference. False if it is not such a form."""
        of, _, visit = pair.key.rpartition(b"\0")
        if pair.key[:1] != b"f" or of.split(b"\0", 2)[1:2] != [FORM] or visit[:1] not in (b"d", b"q"):
            return False
        if of != self._of:
            self._judge()
            self._of, self._dated, self._sides, self._texts = of, False, ([], []), []
        self._dated |= visit[:1] == b"d"
        for side, entry in zip(self._sides, (pair.kept, pair.counted), strict=True):
            side += [orjson.loads(entry)] if entry else []
        self._texts += [text] if text else []
        return True

    def differences(self) -> list[str]:
        """What differs, after the last entry."""
        self._judge()
        return self._differences

    def _judge(self) -> None:
        kept, counted = map(_together, self._sides)
        if not self._dated or kept != counted:
            self._differences += self._texts


def _together(forms: list[Any]) -> tuple[int | None, bool]:
    """When the first of them was started, and whether any was submitted."""
    return min((start for start, _ in forms if start is not None), default=None), any(sent for _, sent in forms)
