"""docs/measures.md: the table of all measures, made from their declaration."""

from collections.abc import Iterator
from typing import Final

from kpis.catalog import CATALOG
from kpis.catalog.inputs import INPUTS
from kpis.cells.declared import DECLARED, TABLES, By, Measure
from kpis.cells.measures import SUFFIXES, levels
from kpis.query.wanted import measures_of

EXAMPLES: Final[dict[By, str]] = {
    "": "",
    "window": "@30d",
    "value": "=12",
    "currency": ":EUR",
    "currency and day": ":USD:20546",
    "day": ":20546",
    "two days": ":20546:20577",
    "days": ":12",
    "scale": ":1~5",
    "type": ":crm.order.completed",
}
HEAD: Final = """\
# Every measure

Generated from `kpis/cells/declared.py` by `make docs`: edit the declaration, not this page.

A measure is a sum of signed integers that adds up over disjoint subjects ([glossary](../ARCHITECTURE.md#glossary)).
Formulas make KPIs of measures; the page of a KPI, linked from [kpis.md](kpis.md), names those it reads.

- **name**: as the cells have it, with an example of what follows its base. `@30d`: a measure for each kind of window,
  as distinct counts do not add up over time. `=12`: one for each value, for quantiles; durations are in buckets of 1 %.
  `:EUR`: minor units of a currency (`:EUR9`: 10^-9 if there are parts of cents), with the number of facts in `#:EUR`
  (`#:`: those without a price); followed by a local day (in days since 1970) they are converted at that day's rate.
  `:20546`: a local day.
- **unit**: what one unit of it is.
- **segments**: whose segments it falls in, beside the total; *none*: the total only.
- **levels**: rollup levels of the total, then of segments: `m` minutes, kept for 26 hours, `q` quarter hours, 50 hours,
  `d` local days, 3 years. Older panes are folded into the level's carry.
- **from**: the groups of facts that contribute it (`kpis/contributions/groups.py`). *touch*: each touch as it comes;
  *presence*: the minutes in which a person did something; *stream*: each record as it comes, by receive time.
- **read by**: KPIs whose formulas read it. Measures by event type (`late…`, `bot`) are read for `late_revised` and
  `excluded` of all KPIs that such an event changes.

| name | unit | what it counts | segments | levels | from | read by |
|---|---|---|---|---|---|---|
"""
TAIL: Final = """
Formulas also read two tables that are derived from the facts:

| table | what |
|---|---|
"""


def page() -> str:
    """The page as Markdown."""
    return HEAD + "".join(map(_line, DECLARED)) + TAIL + "".join(f"| `{name}` | {TABLES[name]} |\n" for name in TABLES)


def _line(measure: Measure) -> str:
    cells = (
        f"`{measure.name}{EXAMPLES[measure.by]}`",
        measure.unit,
        measure.what + "; its days are never folded" * measure.lasting,
        measure.grain,
        " / ".join(_kept(measure)),
        ", ".join(measure.groups),
        ", ".join(f"`{kpi}`" for kpi in readers(measure)),
    )
    return f"| {' | '.join(cells)} |\n"


def readers(measure: Measure) -> list[str]:
    """KPIs that read a measure."""
    if measure.by == "type":
        return []
    names = {measure.name, *(f"{measure.name}@{suffix}" for suffix in SUFFIXES if measure.by == "window")}
    return [kpi.id for kpi in CATALOG if INPUTS[kpi.id].names & names and measure in measures_of(kpi)]


def _kept(measure: Measure) -> Iterator[str]:
    """Levels of the total and of segments, of any of its windows."""
    names = [measure.name + EXAMPLES[measure.by]]
    if measure.by == "window":
        names = [f"{measure.name}@{suffix}" for suffix in SUFFIXES]
    for segmented in (False, True):
        found = set[str]().union(*(levels(name, segmented) for name in names))
        yield "".join(level for level in "mqd" if level in found) or "–"
