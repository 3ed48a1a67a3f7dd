"""Formats KPI documents for people."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from cli.term import cell

Doc = Mapping[str, Any]
NOTHING: Final = "–"
_STYLES: Final = {"no_data": "dim", "partial": "yellow", "low_n": "yellow", "stale": "red", "ok": ""}
_WORDS: Final = {"no_data": "no data", "low_n": "few observations"}
_BRIEF: Final = {"few observations": "few"}
_SUFFIX: Final = {"days": " d", "hours": " h", "seconds": " s"}


def number(value: Any, digits: int = 2) -> str:
    """A number with thousands separators and without trailing zeros; text and objects as they are."""
    if value is None:
        return NOTHING
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not amount.is_finite():
        return str(value)
    return f"{amount:,.{digits}f}".rstrip("0").rstrip(".") if amount % 1 and digits else f"{amount:,.0f}"


def value_of(doc: Doc) -> str:
    """The value with its unit: 40.0%, 1,234.50 EUR, 57 d."""
    value, unit = doc.get("value"), str(doc.get("unit", ""))
    if value is None:
        return NOTHING
    if unit == "ratio":
        return f"{float(value) * 100:,.1f}%"
    if unit.startswith("money"):
        money = f"{Decimal(str(value)):,f}" if isinstance(value, str) else number(value)
        return f"{money} {doc.get('currency', '')}".rstrip() + unit.removeprefix("money").replace("/", " / ")
    return number(value) + _SUFFIX.get(unit, "")


def segment_of(doc: Doc) -> str:
    """``owner=anna``; empty for the total."""
    return " ".join(f"{dim}={value}" for dim, value in (doc.get("segment") or {}).items())


def caught_up(doc: Doc) -> str:
    """A note that a number covers only part of the history, and how much."""
    return f"{float(doc['catching_up']):.0%} of the history counted: not final yet"


def style_of(doc: Doc) -> str:
    """The colour of a document's status."""
    return _STYLES.get(str(doc.get("status", "")), "")


def status_of(doc: Doc) -> Text:
    """Status and state in words, never by colour alone."""
    status = str(doc.get("status", ""))
    state = str(doc.get("state", ""))
    return cell(status if state in ("", "live") else f"{status}, {state}", style_of(doc))


def status_words(doc: Doc, *, brief: bool = False) -> str:
    """Status, amounts without a price and state as people say them: ``partial, 3 unpriced``."""
    status = str(doc.get("status", ""))
    word = _WORDS.get(status, status)
    words = [_BRIEF.get(word, word) if brief else word]
    words += [f"{number(doc['unpriced'])} unpriced"] if doc.get("unpriced") else []
    words += [str(doc["state"])] if doc.get("state") not in (None, "", "live") else []
    return ", ".join(words)


def change(before: Doc | None, now: Doc) -> str:
    """The change since ``before``: ▲ or ▼ with the difference; empty if there is none."""
    old, new = (before or {}).get("value"), now.get("value")
    if old is None or new is None or old == new:
        return ""
    step = Decimal(str(new)) - Decimal(str(old))
    text = f"{abs(step) * 100:.1f} pt" if now.get("unit") == "ratio" else number(abs(step))
    return f"{'▲' if step > 0 else '▼'} {text}"


def documents_table(docs: Iterable[Doc], title: str = "") -> Table:
    """One row per document, with its parts; in a series, with its period."""
    docs = list(docs)
    table = Table(title=cell(title) if title else None, title_justify="left", pad_edge=False, box=SIMPLE_HEAD)
    if any("period" in doc for doc in docs):
        table.add_column("period", no_wrap=True)
    table.add_column("KPI", no_wrap=True)
    table.add_column("window")
    table.add_column("segment", overflow="fold")
    for name in ("value", "numerator", "denominator", "n"):
        table.add_column(name, justify="right")
    table.add_column("status")
    for doc in docs:
        table.add_row(*_cells(doc))
    return table


def _cells(doc: Doc) -> list[Text]:
    period = [doc["period"]] if "period" in doc else []
    texts = [*period, doc["kpi"], doc["window"], segment_of(doc), value_of(doc)]
    texts += [number(doc.get(key)) for key in ("numerator", "denominator", "n")]
    return [*map(cell, texts), status_of(doc)]
