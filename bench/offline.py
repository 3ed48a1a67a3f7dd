"""The measurements without broker and Redis, and their results."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bench.duck import SHOWN, Ducked, break_even_s, measure
from bench.feeds import HISTORY, MIXED, history_rate, mixed_rate, order_rate
from bench.growth import BATCHES, held_rows, table
from bench.held import RATE, Held, held
from bench.orders import ORDERS
from kpis.catalog import CATALOG

STEPS: Final = ("duck", "growth", "feeds")
SHARE: Final = 10  # share of the events: the smaller size of "growth", and each of "feeds"


@dataclass
class Feeds:
    """Events per CPU second."""

    orders: float
    mixed: float
    history: float


@dataclass
class Offline:
    """The results. ``grown``: at a tenth of the events, and at all."""

    ducked: Ducked | None = None
    grown: Sequence[Held] = ()
    feeds: Feeds | None = None

    def break_even_s(self, *, every: bool) -> float | None:
        """The refresh interval above which DuckDB takes less CPU than the engine in quarter-second batches."""
        if self.ducked is None or not self.grown:
            return None
        refresh_s = self.ducked.scaled_s if every else self.ducked.refresh_s
        return break_even_s(refresh_s, self.grown[-1].event_us(BATCHES[-1]), RATE)


def run(steps: Collection[str], number: int, say: Callable[[str], None]) -> Offline:
    """Run these steps (of `STEPS`)."""
    found = Offline()
    if "duck" in steps:
        say(f"crmkpi compute and DuckDB, {number:,} events ...")
        found.ducked = measure(number)
        for line in found.ducked.differences[:SHOWN]:
            say(line)
    if "growth" in steps:
        sizes = [max(number // SHARE, 1), number]
        say(f"The engine in process, {' and '.join(f'{size:,}' for size in sizes)} events ...")
        found.grown = [held(size, BATCHES) for size in sizes]
    if "feeds" in steps:
        say("Orders, mixed events, history ...")
        orders, mixed, history = (min(most, max(number // SHARE, 1)) for most in (ORDERS, MIXED, HISTORY))
        found.feeds = Feeds(order_rate(orders), mixed_rate(mixed), history_rate(history))
    return found


def summary(found: Offline) -> dict[str, float | int | bool | None]:
    """Keys of the last line, for what was measured."""
    keys: dict[str, float | int | bool | None] = {}
    if duck := found.ducked:
        keys |= {
            "duck_load_s": duck.load_s, "duck_refresh_s": duck.refresh_s, "duck_all_s": duck.scaled_s,
            "duck_mb": duck.rss_mb, "duck_kpis": duck.kpis, "duck_figures": duck.figures, "duck_equal": duck.equal,
            "compute_s": duck.compute_s, "compute_mb": duck.compute_mb, "compute_ratio": duck.compute_ratio,
            "compute_ratio_all": duck.compute_ratio_all,
            "break_even_s": found.break_even_s(every=False), "break_even_all_s": found.break_even_s(every=True),
        }  # fmt: skip
    if found.grown:
        rows = held_rows(found.grown)
        keys |= {"event_us": found.grown[-1].event_us(BATCHES[-1])} | {row.name: row.values[-1] for row in rows}
        keys |= {f"{row.name}_growth": row.ratio for row in rows if row.ratio is not None}
    if feeds := found.feeds:
        keys |= {f"{name}_per_s": rate for name, rate in asdict(feeds).items()}
    return keys


def show(found: Offline) -> str:
    """Lines for people."""
    parts = []
    if found.ducked is not None:
        parts.append(duck_lines(found.ducked, found))
    if found.grown:
        parts.append(table([at.events for at in found.grown], held_rows(found.grown)))
    if found.feeds is not None:
        rows = (("orders, compute", found.feeds.orders), ("mixed events, compute", found.feeds.mixed),
                ("90 days of a shop, in process", found.feeds.history))  # fmt: skip
        parts.append("\n".join(f"{name:40}{rate:12,.0f} events a CPU second" for name, rate in rows))
    return "\n\n".join(parts)


def duck_lines(duck: Ducked, found: Offline) -> str:
    """DuckDB compared with this product."""
    each = f"{duck.kpis} KPIs, {duck.figures:,} figures"
    rows = [
        (f"DuckDB, {duck.events:,} events from JSON", duck.load_s, "CPU s"),
        (f"  a refresh: {each}", duck.refresh_s, f"CPU s, {'equal' if duck.equal else 'NOT EQUAL'}"),
        (f"crmkpi compute: all {len(CATALOG)}, {duck.documents:,}", duck.compute_s,
         f"CPU s, {duck.compute_ratio:.0f} times DuckDB ({duck.compute_ratio_all:.0f} if it computed all)"),
    ]  # fmt: skip
    for every, name in ((False, f"{duck.kpis} KPIs"), (True, f"all {len(CATALOG)}")):
        seconds = found.break_even_s(every=every)
        if seconds is not None:
            rows.append((f"  DuckDB is cheaper above, {name}", seconds, f"s between refreshes, {RATE:,} events/s"))
    return "\n".join(f"{name:40}{value:12.3f} {unit}" for name, value, unit in rows)
