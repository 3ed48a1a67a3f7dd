"""The alternative: DuckDB recomputes KPIs from the same events, checked against this product's documents.

``python -m bench.duck [--events N ...]``: writes the workload to a file, computes it with `crmkpi compute` and DuckDB,
one thread each, compares every figure and prints the cost of both, for the cheapest of three refreshes. Exits with 1 if
a figure differs. `make bench` also shows the refresh interval above which DuckDB takes less CPU than a running engine.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any, Final

import duckdb
import orjson

from bench import duck_sql as sql
from bench.child import compute, run
from bench.duck_figures import Figure, Key, Measures, differences, figures
from bench.workload import AS_OF, THREE, events, rfc3339
from kpis.catalog import CATALOG

ROUNDS: Final = 3
SHOWN: Final = 20


@dataclass
class Ducked:
    """CPU seconds, one thread: ``load_s`` from JSON into a table, ``refresh_s`` from there to all figures."""

    events: int
    load_s: float
    refresh_s: float
    rss_mb: float
    kpis: int  # KPI ids
    figures: int  # those KPIs in every window of every tenant
    differences: list[str]
    compute_s: float  # `crmkpi compute` of the same file: every KPI, including segments
    compute_mb: float
    documents: int

    @property
    def equal(self) -> bool:
        """Whether every figure matches this product's."""
        return not self.differences

    @property
    def scaled_s(self) -> float:
        """A refresh of the whole catalogue, if each KPI cost as much as these on average."""
        return self.refresh_s * len(CATALOG) / self.kpis

    @property
    def compute_ratio(self) -> float:
        """CPU of `crmkpi compute`, which computes every document, as a multiple of DuckDB's for the same file."""
        return self.compute_s / (self.load_s + self.refresh_s)

    @property
    def compute_ratio_all(self) -> float:
        """The same if DuckDB computed every KPI."""
        return self.compute_s / (self.load_s + self.scaled_s)


def break_even_s(refresh_s: float, event_us: float, rate: float) -> float:
    """The refresh interval above which DuckDB takes less CPU than the engine, s.

    DuckDB takes ``refresh_s`` per refresh, however little changed; the engine takes ``event_us`` per event, at ``rate``
    events a second, whatever the interval.
    """
    return refresh_s * 1e6 / (rate * event_us)


def load(file: Path) -> duckdb.DuckDBPyConnection:
    """A database with the events of a JSONL file."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    connection.execute(sql.TYPES)
    connection.execute(sql.LOAD, [str(file)])
    return connection


def refresh(connection: duckdb.DuckDBPyConnection, as_of: int) -> dict[Key, Figure]:
    """All figures at ``as_of``, ms UTC."""
    connection.execute(sql.WINDOWS, [as_of])
    edges = connection.execute("SELECT low FROM windows UNION SELECT high FROM windows").fetchall()
    passed = " + ".join(f"(t >= {edge})::INT" for (edge,) in edges)
    connection.execute(f"CREATE OR REPLACE TEMP MACRO slot(t) AS {passed}")
    for family in (sql.TOUCHES, sql.PERSONS, sql.MAIL, sql.DEALS):
        connection.execute(family)
    cursor = connection.execute(sql.MEASURES)
    names = [column[0] for column in cursor.description]
    found: dict[Key, Figure] = {}
    for row in cursor.fetchall():
        measures = Measures.of(dict(zip(names, row, strict=True)))
        for kpi, figure in figures(measures).items():
            found[measures["tenant"], measures["name"], kpi] = figure
    return found


def measure(number: int) -> Ducked:
    """Write the workload, compute it both ways, compare."""
    with tempfile.TemporaryDirectory(prefix="crmkpi-bench-") as folder:
        file, answers = Path(folder, "events.jsonl"), Path(folder, "documents.json")
        with file.open("wb") as out:
            out.writelines(made.value + b"\n" for made in events(number, THREE, AS_OF))
        computed = compute(file, rfc3339(AS_OF))
        answers.write_bytes(computed.out)
        ran = run("bench.duck", "--one", str(file), str(answers))
        return Ducked(number, rss_mb=ran.peak_mb, compute_s=computed.cpu_s, compute_mb=computed.peak_mb,
                      **orjson.loads(ran.out))  # fmt: skip


def one(file: Path, answers: Path) -> dict[str, Any]:
    """DuckDB's part: the cheapest of several refreshes, and the differences."""
    began = process_time()
    connection = load(file)
    took, found = [], dict[Key, Figure]()
    took.append(process_time() - began)
    for _ in range(ROUNDS):
        began = process_time()
        found = refresh(connection, AS_OF)
        took.append(process_time() - began)
    documents = orjson.loads(answers.read_bytes())
    kpis = len({kpi for *_, kpi in found})
    return {"load_s": took[0], "refresh_s": min(took[1:]), "kpis": kpis, "figures": len(found),
            "documents": len(documents), "differences": differences(found, documents)}  # fmt: skip


def main(words: Sequence[str]) -> int:
    """0 if every figure is equal."""
    if words[:1] == ["--one"]:
        print(orjson.dumps(one(Path(words[1]), Path(words[2]))).decode())
        return 0
    parser = argparse.ArgumentParser(prog="bench.duck", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[200_000])
    results = [measure(number) for number in parser.parse_args(words).events]
    for result in results:
        print(*result.differences[:SHOWN], sep="\n", end="\n" if result.differences else "")
    for result in results:
        print(orjson.dumps(asdict(result)).decode())
    return 0 if all(result.equal for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
