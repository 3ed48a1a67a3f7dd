"""The cost of histories while events arrive: ``python -m bench.histories [--customers N] [--turns N]``.

A shop of so many customers is counted in process and published. Then orders of customers from all of its past arrive
one at a time, and after each everything due is computed; at the end a rate and an event type never sent before arrive,
which restate all points. CPU seconds of `compose` only, and the points it computed. One JSON line last.
"""

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random
from time import process_time
from typing import Any, Final, NamedTuple

import orjson

from bench.held import blocks, count
from bench.questions import TENANT, events
from bench.workload import AS_OF, Made, rfc3339
from kpis.engine import Engine
from models.tenants import TenantBook

CUSTOMERS: Final = 10_000
TURNS: Final = 20
BATCH: Final = 2_000


class Cost(NamedTuple):
    """The work done: CPU seconds, points by KPI, documents."""

    cpu_s: float
    points: Counter[str]
    documents: int


def one(kind: str, number: int, data: dict[str, Any]) -> Iterator[Made]:
    """A current event."""
    value = {"id": f"h-{number}", "source": "/histories", "type": f"crm.{kind}", "time": rfc3339(AS_OF),
             "tenantid": TENANT, "data": data}  # fmt: skip
    yield Made("", 0, b"", orjson.dumps(value))


def published(engine: Engine) -> Cost:
    """Compute everything due."""
    began, points, documents, more = process_time(), Counter[str](), 0, True
    while more:
        made = engine.compose(AS_OF + 1_000, live=True, enough=lambda: False)
        for part in made.slices:
            documents += len(part.documents)
            for found in part.points:
                points[found.kpi] += len(found.values)
        more = made.more
    return Cost(process_time() - began, points, documents)


def show(what: str, found: list[Cost]) -> dict[str, Any]:
    """A line for people."""
    turns, points = len(found), sum((one.points for one in found), Counter())
    cpu_s = sum(one.cpu_s for one in found) / turns
    most = ", ".join(f"{kpi} {number / turns:,.0f}" for kpi, number in points.most_common(4))
    print(f"{what:28} {cpu_s:8.3f} CPU s {points.total() / turns:>10,.0f} points: {most}")
    return {"what": what, "cpu_s": round(cpu_s, 4), "points": points.total() / turns}


def main() -> int:
    """Count, publish, continue."""
    parser = argparse.ArgumentParser(prog="bench.histories", description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--turns", type=int, default=TURNS)
    given = parser.parse_args()
    gc.disable()
    engine, rng, number = Engine(TenantBook.from_mapping({})), Random(2), 0

    def after(kind: str, data: dict[str, Any]) -> Cost:
        nonlocal number
        number += 1
        for _, batch in blocks(one(kind, number, data), BATCH, counted + number):
            count(engine, batch)
        return published(engine)

    counted = 0
    for end, batch in blocks(events(given.customers), BATCH):
        count(engine, batch)
        counted = end
    report = [show("everything", [published(engine)])]
    turns = []
    for turn in range(given.turns):
        order = {"customer_id": f"c-{rng.randrange(given.customers)}", "order_id": f"h-{turn}"}
        turns.append(after("order.completed", {**order, "currency": "EUR", "amount": "10.00"}))
    report.append(show("an order", turns))
    rate = {"base": "SEK", "quote": "EUR", "rate": "0.09"}
    report.append(show("a rate", [after("fx.rate_set", rate)]))
    report.append(show("a new type of event", [after("chat.messaged", {"customer_id": "c-1", "direction": "inbound"})]))
    print(orjson.dumps({"customers": given.customers, "made": report}).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
