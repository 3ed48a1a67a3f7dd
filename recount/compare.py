"""Readable differences between documents."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from recount.documents import Document, Key, key

EXACT: Final = ("unit", "value", "numerator", "denominator", "n", "status", "state", "tz", "late_revised")
INSTANTS: Final = ("start", "end", "as_of")
OPTIONAL: Final = ("parts", "open", "bound", "unpriced", "excluded", "margin", "currency", "target")
TOLERANCE: Final = 1e-9


def compare(expected: Mapping[Key, Document], actual: Iterable[Document]) -> list[str]:
    """One line per difference: a field that differs, a document that is missing, extra or duplicated.

    Ignores ``rev``, ``definition`` and ``watermark``. Numbers may differ by 1e-9 of their size if either is a float;
    everything else must be equal. Instants may be in any RFC 3339 form.
    """
    found: dict[Key, Document] = {}
    lines: list[str] = []
    for document in actual:
        if key(document) in found:
            lines.append(f"{name(key(document))}: duplicated")
        found[key(document)] = document
    lines += [f"{name(k)}: missing, expected {brief(expected[k])}" for k in expected if k not in found]
    lines += [f"{name(k)}: extra, {brief(found[k])}" for k in found if k not in expected]
    for k in expected:
        if k in found:
            lines += [f"{name(k)}: {line}" for line in differences(expected[k], found[k])]
    return sorted(lines)


def name(k: Key) -> str:
    """A document's key in readable form."""
    segment = ", ".join(f"{dimension}={value}" for dimension, value in k[2])
    return f"{k[0]} {k[1]}" + (f" [{segment}]" if segment else "")


def brief(document: Document) -> str:
    """The main fields of a document."""
    return " ".join(
        f"{field}={document.get(field)!r}" for field in ("value", "numerator", "denominator", "n", "status")
    )


def differences(expected: Document, actual: Document) -> Iterable[str]:
    """Fields that differ."""
    for field in (*EXACT, *OPTIONAL):
        want, got = expected.get(field), actual.get(field)
        if field in OPTIONAL:
            want, got = want or None, got or None
        if not same(want, got):
            yield f"{field} expected {want!r}, is {got!r}"
    for field in INSTANTS:
        if not same_instant(expected.get(field), actual.get(field)):
            yield f"{field} expected {expected.get(field)!r}, is {actual.get(field)!r}"


def same(want: Any, got: Any) -> bool:
    """Equal, with a tolerance for floats."""
    if type(want) is type(got) and want == got and not isinstance(want, dict):  # by far the most common case
        return True
    if isinstance(want, Mapping) and isinstance(got, Mapping):
        return want.keys() == got.keys() and all(same(want[part], got[part]) for part in want)
    if isinstance(want, bool) or isinstance(got, bool):
        return want is got
    if isinstance(want, int | float) and isinstance(got, int | float):
        if isinstance(want, int) and isinstance(got, int):
            return want == got
        return abs(want - got) <= TOLERANCE * max(1.0, abs(want), abs(got))
    return bool(want == got)


def same_instant(want: Any, got: Any) -> bool:
    """The same moment in any notation."""
    if want != got and isinstance(want, str) and isinstance(got, str):
        return datetime.fromisoformat(want) == datetime.fromisoformat(got)
    return bool(want == got)
