"""Regenerates the table of docs/speed.md from the output of runs: ``python -m bench.page FILE ...``.

Each file holds the output of `make bench`; its last line is used. Runs with the same number of events are merged, so
they can be done in pieces with ``--only``; if a figure was measured twice, the last one counts.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from bench.duck import break_even_s
from bench.held import RATE

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "speed.md"
BEGIN: Final = "<!-- figures of `make bench`, written by `python -m bench.page` -->"
END: Final = "<!-- end of the figures -->"
Keys = Mapping[str, float | bool | None]


class Row(NamedTuple):
    """A key of the last line and its meaning."""

    key: str
    unit: str
    means: str


ROWS: Final = (
    Row("raw_librdkafka", "events/s", "reading the input topics with librdkafka and discarding them"),
    Row("raw_aiokafka", "events/s", "the same with aiokafka, the client underneath Faust"),
    Row("full_path", "events/s", "three tenants: one worker process with default settings, from input topics to Redis, "
        "exactly once, every KPI"),
    Row("ratio", "", "this as a share of raw aiokafka"),
    Row("one_tenant", "events/s", "the same with one tenant, whose events are all counted by one engine"),
    Row("board", "events/s", "three tenants with 12 KPIs in four windows (settings `kpis` and `windows`)"),
    Row("year", "events/s", "365 days of one shop with all its kinds of events, at most 200,000 of them"),
    Row("rss_mb", "MB", "that worker's peak resident memory: event loop and engine, three tenants"),
    Row("one_tenant_rss_mb", "MB", "the same, one tenant"),
    Row("year_rss_mb", "MB", "the same, the year of one shop"),
    Row("restore_per_s", "entries/s", "changelog entries read back by the next owner of a lane; an entry holds all "
        "cells of one pane of one segment, six to seven in a long history"),
    Row("p50_ms", "ms", "median latency from the broker's acknowledgement until visible to a reader of Redis, one "
        "tenant, 2,000 events/s"),
    Row("p99_ms", "ms", "99th percentile of the same"),
    Row("equal", "", "whether every document of the full path equals the recount of that very run"),
    Row("compute_s", "CPU s", "`crmkpi compute --json` of a file of these events: every KPI, window and segment"),
    Row("compute_mb", "MB", "its peak memory"),
    Row("duck_load_s", "CPU s", "DuckDB, one thread: the same file of JSON read into a table"),
    Row("duck_refresh_s", "CPU s", "DuckDB: its KPIs computed from that table, all windows, totals only"),
    Row("duck_mb", "MB", "DuckDB: peak memory"),
    Row("duck_equal", "", "whether each of its figures equals the document of `compute`"),
    Row("compute_ratio", "×", "`compute` as a multiple of DuckDB's load and refresh"),
    Row("compute_ratio_all", "×", "the same if DuckDB computed every KPI of the catalog, each at the average cost"),
    Row("break_even_s", "s", "the refresh interval above which DuckDB takes less CPU for its own KPIs than the "
        "engine for all, at 2,000 events/s"),
    Row("break_even_all_s", "s", "the same if DuckDB computed every KPI, likewise"),
    Row("event_us", "µs", "CPU of the engine an event in batches of 500: counting, and its share of making documents"),
    Row("count_500", "µs", "counting alone, in batches of 500"),
    Row("count_2000", "µs", "counting alone, in batches of 2,000"),
    Row("document", "µs", "CPU a document when all of three tenants are made"),
    Row("event_bytes", "bytes", "memory that each further event adds to the engine, from a tenth of the events on"),
    Row("count_500_growth", "×", "counting in batches of 500 at this size, relative to a tenth of it (1: a straight "
        "line)"),
    Row("count_2000_growth", "×", "the same, batches of 2,000"),
    Row("document_growth", "×", "the same, a document"),
    Row("orders_per_s", "events/CPU s", "`compute` of a shop's orders, shaped like those of CDNOW"),
    Row("mixed_per_s", "events/CPU s", "`compute` of 90 days of three companies, events of every kind"),
    Row("history_per_s", "events/CPU s", "90 days of one shop, validated and counted in process"),
)  # fmt: skip


def merged(runs: Iterable[Keys]) -> dict[int, dict[str, float | bool]]:
    """Number of events -> every key measured in any run."""
    found: dict[int, dict[str, float | bool]] = {}
    for keys in runs:
        found.setdefault(int(keys["events"] or 0), {}).update({k: v for k, v in keys.items() if v is not None})
    for keys in found.values():
        if {"duck_refresh_s", "event_us"} <= keys.keys():
            for name, refresh in (("break_even_s", "duck_refresh_s"), ("break_even_all_s", "duck_all_s")):
                keys[name] = break_even_s(keys[refresh], keys["event_us"], RATE)
    return dict(sorted(found.items()))


def table(found: Mapping[int, Keys]) -> str:
    """Markdown; unmeasured values are blank."""
    lines = [f"| | {' | '.join(f'{events:,} events' for events in found)} | what it is |",
             f"|---|{'---|' * len(found)}---|"]  # fmt: skip
    for row in ROWS:
        values = [text(keys.get(row.key)) for keys in found.values()]
        unit = f", {row.unit}" if row.unit else ""
        lines.append(f"| `{row.key}`{unit} | {' | '.join(values)} | {row.means} |")
    return "\n".join(lines)


def text(value: float | bool | None) -> str:
    """Formatted with three digits."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "NO"}[value]
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def rewritten(page: str, found: Mapping[int, Keys]) -> str:
    """The page with a new table between the two comments."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{rest.split(END)[1]}"


def main(paths: Sequence[str]) -> None:
    """Read the runs, write the page."""
    found = merged(orjson.loads(Path(path).read_bytes().splitlines()[-1]) for path in paths)
    PAGE.write_text(rewritten(PAGE.read_text(), found))


if __name__ == "__main__":
    main(sys.argv[1:])
