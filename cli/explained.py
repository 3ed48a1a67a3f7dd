"""A number with its parts, as pairs of label and text. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from cli.show import Doc, caught_up, number, segment_of, status_words, value_of

COUNTS: Final = ("unpriced", "open", "excluded", "margin", "bound")  # if a document has them
MEANT: Final = {"unpriced": "amounts without a price, left out", "excluded": "of bots, left out"}


def explained(doc: Doc, title: str) -> Iterator[tuple[str, str]]:
    """Value, parts, target, window, segment, comparison and freshness."""
    yield "", title
    yield "value", value_of(doc)
    yield "from", f"{number(doc.get('numerator'))} / {number(doc.get('denominator'))}   n = {number(doc.get('n'))}"
    yield "status", status_words(doc)
    for name in COUNTS:
        if doc.get(name):
            yield name, f"{number(doc[name])} {MEANT.get(name, '')}".rstrip()
    if target := doc.get("target"):
        yield "target", _target(doc, target)
    yield from _parts(doc.get("parts") or {})
    yield "window", f"{doc['window']}: {doc.get('start') or 'the first event'} to {doc.get('end')} ({doc.get('tz')})"
    yield "segment", segment_of(doc) or "all"
    if doc.get("previous") is not None:
        yield "previous", value_of({**doc, "value": doc["previous"]}) + _trend(doc.get("trend") or {})
    yield "as of", f"{doc.get('as_of')}, rev {doc.get('rev')}, late revisions: {number(doc.get('late_revised'))}"
    if doc.get("catching_up") is not None:
        yield "catching up", caught_up(doc)


def _trend(trend: dict[str, Any]) -> str:
    if trend.get("changed") is None:
        return ""
    return " (changed)" if trend["changed"] else " (no clear change)"


def _target(doc: Doc, target: Any) -> str:
    texts = [value_of({**doc, "value": target.get("value")})]
    for name, words in (("attainment", "reached"), ("pace", "of the pace")):
        if target.get(name) is not None:
            texts.append(f"{float(target[name]):.0%} {words}")
    if target.get("projection") is not None:
        texts.append(f"projection {value_of({**doc, 'value': target['projection']})}")
    return ", ".join(texts)


def _parts(parts: Any) -> Iterator[tuple[str, str]]:
    for name, value in parts.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        yield str(name), ", ".join(f"{one} {number(count)}".lstrip() for one, count in inner)
