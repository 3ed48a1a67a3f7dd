"""Linear or not: costs and memory at several sizes. ``python -m bench.growth SIZE ... [--compute SIZE ...]``.

Each size runs in a separate process, so sizes can be spread over several runs. Prints a table with the ratio of the
last size to the first (1.00: linear), and one JSON line last.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from bench.child import compute
from bench.held import MB, Held, held
from bench.workload import AS_OF, THREE, events, rfc3339

SIZES: Final = (100_000, 400_000, 1_000_000)
BATCHES: Final = (2_000, 500)


class Computed(NamedTuple):
    """One run of `crmkpi compute`."""

    events: int
    cpu_s: float
    peak_mb: float


@dataclass
class Growth:
    """A figure at several sizes."""

    name: str
    title: str
    values: list[float | None]
    compared: bool = True

    @property
    def ratio(self) -> float | None:
        """The last known value over the first; 1: linear. None: only one value, or not a rate."""
        known = [value for value in self.values if value is not None]
        return known[-1] / known[0] if self.compared and len(known) > 1 and known[0] else None


def computed(number: int) -> Computed:
    """`crmkpi compute` of ``number`` events of the workload."""
    with tempfile.TemporaryDirectory(prefix="crmkpi-bench-") as folder:
        file = Path(folder, "events.jsonl")
        with file.open("wb") as out:
            out.writelines(made.value + b"\n" for made in events(number, THREE, AS_OF))
        ran = compute(file, rfc3339(AS_OF))
        return Computed(number, ran.cpu_s, ran.peak_mb)


def held_rows(found: Sequence[Held]) -> list[Growth]:
    """The engine's costs at each size."""
    rows = [Growth("fill", "counting while it grows, µs an event", [at.fill_us for at in found])]
    for size in found[0].live:
        live, words = [at.live[size] for at in found], f"batches of {int(size):,}, µs"
        rows.append(Growth(f"count_{size}", f"counting, {words} an event", [at.count_us for at in live]))
        rows.append(Growth(f"document_{size}", f"documents, {words} each", [at.document_us for at in live]))
    rows.append(Growth("document", "all documents, µs each", [at.document_us for at in found]))
    return rows + memory_rows([at.events for at in found], [at.rss_mb for at in found])


def computed_rows(found: Sequence[Computed]) -> list[Growth]:
    """The costs of `compute` at each size."""
    sizes = [at.events for at in found]
    more = further(sizes, [at.cpu_s * 1e6 for at in found])
    return [Growth("compute_s", "compute, CPU s", [at.cpu_s for at in found], compared=False),
            Growth("compute_us", "compute, µs each further event", more),
            *memory_rows(sizes, [at.peak_mb for at in found])]  # fmt: skip


def memory_rows(sizes: Sequence[int], used: Sequence[float]) -> list[Growth]:
    """Memory at each size, MB, and the increase per event."""
    more = further(sizes, [mb * MB for mb in used])
    return [Growth("memory", "memory, MB", list(used), compared=False),
            Growth("event_bytes", "memory, bytes each further event", more)]  # fmt: skip


def further(sizes: Sequence[int], found: Sequence[float]) -> list[float | None]:
    """The increase per event over the previous size: part of the first size's cost exists without any event."""
    steps = pairwise(zip(sizes, found, strict=True))
    return [None, *((value - before) / (size - fewer) for (fewer, before), (size, value) in steps)]


def table(sizes: Iterable[int], rows: Iterable[Growth]) -> str:
    """One line per figure."""
    lines = ["".join([f"{'events':40}", *(f"{size:>12,}" for size in sizes), f"{'ratio':>8}"])]
    for row in rows:
        shown = ["" if one is None else f"{one:,.1f}" for one in row.values]
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append("".join([f"{row.title:40}", *(f"{text:>12}" for text in shown), f"{ratio:>8}"]))
    return "\n".join(lines)


def show(grown: Sequence[Held], computes: Sequence[Computed]) -> str:
    """Both tables."""
    parts = [table([at.events for at in grown], held_rows(grown))] if grown else []
    parts += [table([at.events for at in computes], computed_rows(computes))] if computes else []
    return "\n\n".join(parts)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", help="events held by the engine, in process")
    parser.add_argument("--batches", type=int, nargs="+", default=list(BATCHES), help="events of a batch")
    parser.add_argument("--compute", type=int, nargs="+", default=[], help="events of a file for `crmkpi compute`")
    given = parser.parse_args()
    sizes = given.sizes or ([] if given.compute else list(SIZES))
    grown = [held(size, given.batches) for size in sizes]
    computes = [computed(size) for size in given.compute]
    print(show(grown, computes))
    found: dict[str, Any] = {"held": [asdict(at) for at in grown], "compute": [at._asdict() for at in computes]}
    print(orjson.dumps(found).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
