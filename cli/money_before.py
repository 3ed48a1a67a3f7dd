"""Money as the release before counted it: measures by local day, where a recount has entries by quarter hour. Pure."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import orjson

from cli.entries import Pair
from kpis.stored import sums

KIND: Final = "priced"
Place = tuple[str, str]  # tenant, currency


class MoneyBefore:
    """Differences of money, put off until all entries are read: where that release has counted, only sums compare."""

    def __init__(self) -> None:
        self._measures: Counter[Place] = Counter()  # counted by the release before
        self._entries: Counter[Place] = Counter()  # kept more than recounted
        self._texts: dict[Place, list[str]] = {}

    def take(self, pair: Pair, text: str) -> bool:
        """Take an entry that differs, with how to say so; False when it is none of money."""
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
        """Take a kept sum that no recount has; False when it is none of money."""
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
