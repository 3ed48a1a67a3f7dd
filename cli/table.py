"""KPI documents as CSV, for spreadsheets and scripts."""

import csv
import sys
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

from cli.show import segment_of
from cli.term import plain

COLUMNS: Final = (
    "kpi", "window", "segment", "value", "unit", "currency", "numerator", "denominator", "n", "status", "start", "end",
)  # fmt: skip
BEFORE: Final = ("tenant", "period")  # if present in documents


def write_csv(documents: Iterable[Mapping[str, Any]]) -> None:
    """Headings, then one line per document, on stdout. Numbers are as in JSON; unknown values are empty."""
    documents = iter(documents)
    first = next(documents, None)
    columns = (*(name for name in BEFORE if name in (first or ())), *COLUMNS)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for document in chain([] if first is None else [first], documents):
        writer.writerow([_cell(document, name) for name in columns])
    sys.stdout.flush()


def _cell(document: Mapping[str, Any], name: str) -> Any:
    if name == "segment":
        return plain(segment_of(document))
    return document.get(name)
