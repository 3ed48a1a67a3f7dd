"""How far a number is from another one, as the page says it (`dashboard/page/js/change.js`): in points or per cent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from reports.format import TIMES, Numbers, decimal, fine
from reports.words import Words

Tone = Literal["good", "bad", "plain"]
Document = Mapping[str, Any]
POINTS: Final = ("ratio", "index")


class Change(NamedTuple):
    """``amount``: without sign; ``word``: better or worse, else higher or lower. Never by colour alone."""

    arrow: str
    amount: str
    word: str
    tone: Tone
    was: str
    step: int  # its sign


class Target(NamedTuple):
    """What a number was to be. ``gap``: as `Change.amount`; ``share``: how much of it was reached, empty if unknown."""

    text: str
    gap: str
    side: int  # 1: over it
    met: bool
    share: str
    value: Decimal


def change_of(document: Document, words: Words, numbers: Numbers) -> Change | None:
    """Against the period before; None when there is nothing to compare."""
    now, before = decimal(document.get("value")), decimal(document.get("previous"))
    if now is None or before is None:
        return None
    was, step = numbers.text(before, document), now - before
    if not step:
        return Change("→", "", words("change.same"), "plain", was, 0)
    side, amount = (1 if step > 0 else -1), distance(step, before, document, words, numbers)
    if _is_noise(document):
        return Change("↑" if side > 0 else "↓", amount, words("mail.noise"), "plain", was, side)
    better = _better(document, side)
    if better is None:
        word = words("change.higher" if side > 0 else "change.lower")
        return Change("↑" if side > 0 else "↓", amount, word, "plain", was, side)
    word = words("change.better" if better else "change.worse")
    return Change("↑" if side > 0 else "↓", amount, word, "good" if better else "bad", was, side)


def target_of(document: Document, words: Words, numbers: Numbers) -> Target | None:
    """What a document says of its target; None: it has none, or no value."""
    said = document.get("target")
    told = said if isinstance(said, Mapping) else {"value": said}
    now, wanted = decimal(document.get("value")), decimal(told.get("value"))
    if now is None or wanted is None:
        return None
    step = now - wanted
    side = (step > 0) - (step < 0)
    gap = distance(step, wanted, document, words, numbers) if side else ""
    met = not side or _better(document, side) is not False
    attained = decimal(told.get("attainment"))
    share = numbers.percent(attained, 0) if attained is not None else ""
    return Target(numbers.text(wanted, document), gap, side, met, share, wanted)


def distance(step: Decimal, base: Decimal, document: Document, words: Words, numbers: Numbers) -> str:
    """The size of a step from ``base``: in points for shares and indexes, else in per cent of it."""
    unit, size = document.get("unit"), abs(step)
    if unit == "ratio" and TIMES.match(str(document.get("kpi", ""))):
        return numbers.plain(size)
    if unit in POINTS:
        points = size * 100 if unit == "ratio" else size
        return words("change.points", count=float(points), points=numbers.plain(points, fine(points)))
    if not base:
        return numbers.text(size, document)
    share = abs(step / base)
    if share >= 10:
        return words("change.times", times=numbers.plain(share + 1, 0))
    return numbers.percent(share, 0 if share >= 1 else fine(share * 100), fixed=False)


def _better(document: Document, side: int) -> bool | None:
    direction = document.get("direction", "neither")
    return None if direction not in ("up", "down") else (side > 0) == (direction == "up")


def _is_noise(document: Document) -> bool:
    trend = document.get("trend")
    return isinstance(trend, Mapping) and trend.get("changed") is False
