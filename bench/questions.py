"""The cost of questions about a large tenant: ``python -m bench.questions``; ``--help`` lists the options.

A company of so many customers is counted in process. Then a page of 100 members, total, n and numerator are requested
for several KPIs, each with cold caches. CPU seconds of the question only, the fastest of three; next to it a plain
loop's, for comparing runs on different machines. One JSON line last.
"""

import argparse
import cProfile
import gc
import pstats
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from random import Random
from time import process_time
from typing import Any, Final

import orjson

from bench.held import blocks, count
from bench.workload import AS_OF, Made, rfc3339
from kpis.engine import Engine
from kpis.slices import result
from models.tenants import TenantBook

CUSTOMERS: Final = 100_000
TENANT: Final = "solo"
DAY_MS: Final = 86_400_000
SPAN: Final = 500 * DAY_MS
BATCH: Final = 2_000
TURNS: Final = 3
LOOP: Final = 5_000_000
ASKED: Final = (
    ("active_customers", "30d"), ("customer_churn_rate", "30d"), ("customer_churn_rate_inactivity", "30d"),
    ("churned_customers", "90d"), ("new_customers", "365d"), ("win_rate", "365d"), ("open_pipeline_value", "30d"),
    ("net_revenue", "30d"), ("net_revenue", "all"), ("transactions_per_customer", "90d"),
    ("transactions_per_customer_all", "90d"), ("customer_lifetime_value", "all"),
    ("customer_lifetime_value_median", "all"),
    ("mrr", "30d"), ("mrr_churn", "90d"), ("tickets_opened", "90d"), ("net_promoter_score", "90d"),
    ("detractor_share", "365d"), ("customer_engagement_score", "30d"), ("customer_acquisition_cost", "90d"),
    ("time_to_purchase_days", "365d"), ("visitors", "30d"), ("visitors", "all"),
)  # fmt: skip


@dataclass
class Asked:
    """One question. CPU seconds, and the number of members."""

    kpi: str
    window: str
    cpu_s: float
    total: int


def events(customers: int) -> Iterator[Made]:
    """A company's events, one customer after another."""
    rng, number = Random(1), 0
    for customer in range(customers):
        key = f"c-{customer}"
        for kind, time, data in history(customer, rng):
            value = {"id": f"q-{number}", "source": "/questions", "type": f"crm.{kind}", "time": rfc3339(time),
                     "tenantid": TENANT, "data": {"customer_id": key, **data}}  # fmt: skip
            number += 1
            yield Made("", 0, key.encode(), orjson.dumps(value))


def history(customer: int, rng: Random) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """A customer's events: (type, time in ms, data)."""
    since = AS_OF - int(SPAN * rng.random()) - DAY_MS
    left = AS_OF - 1 - since

    def later() -> int:
        return since + int(left * rng.random())

    money = {"currency": "EUR", "amount": f"{rng.randint(5, 900)}.00"}
    country = rng.choice(("FI", "SE", "IT", "KE"))
    named = {"source": rng.choice(("web", "fair", "ads")), "country": country, "owner_id": f"o-{customer % 17}"}
    yield "customer.created", since, named
    for n in range(rng.choice((0, 1, 1, 2, 4))):
        yield "order.completed", later(), {"order_id": f"o-{customer}-{n}", **money}
    if rng.random() < 0.5:
        yield "page.viewed", later(), {"session_id": f"s-{customer}", "url": "https://shop.example/p"}
    if rng.random() < 0.3:
        deal = {"deal_id": f"d-{customer}", "owner_id": named["owner_id"]}
        yield "deal.created", since, {**deal, **money, "stage": "new"}
        if (end := rng.choice(("won", "lost", ""))) != "":
            yield f"deal.{end}", later(), {**deal, **money}
    if rng.random() < 0.2:
        yield "subscription.started", since, {"subscription_id": f"p-{customer}", "currency": "EUR", "mrr": "20.00"}
        if rng.random() < 0.3:
            yield "subscription.cancelled", later(), {"subscription_id": f"p-{customer}"}
    if rng.random() < 0.2:
        yield "survey.answered", later(), {"survey_id": "nps", "survey_type": "nps", "score": rng.randint(0, 10)}
    if rng.random() < 0.2:
        yield "ticket.opened", later(), {"ticket_id": f"t-{customer}"}


def filled(customers: int) -> Engine:
    """An engine that has counted the company."""
    engine = Engine(TenantBook.from_mapping({}))
    for _, batch in blocks(events(customers), BATCH):
        count(engine, batch)
    return engine


def ask(engine: Engine, kpi: str, window: str) -> dict[str, Any]:
    """A page of members."""
    return result(engine.ask(TENANT, AS_OF, {"ask": "members", "kpi": kpi, "window": window, "limit": 100}))


def timed(engine: Engine, kpi: str, window: str) -> Asked:
    """The fastest of several runs."""
    took = []
    for _ in range(TURNS):
        began = process_time()
        found = ask(engine, kpi, window)
        took.append(process_time() - began)
    return Asked(kpi, window, round(min(took), 3), found["total"])


def plain_loop() -> float:
    """CPU seconds for counting to five million, the fastest of several runs."""
    took = []
    for _ in range(TURNS):
        began = process_time()
        for _ in islice(range(LOOP), LOOP):
            pass
        took.append(process_time() - began)
    return round(min(took), 3)


def main() -> int:
    """Count, ask, print."""
    parser = argparse.ArgumentParser(prog="bench.questions", description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--only", nargs="+", default=[], help="some of the KPIs")
    parser.add_argument("--profile", default="", help="a KPI whose question is profiled")
    given = parser.parse_args()
    gc.disable()
    engine = filled(given.customers)
    gc.freeze()
    for kpi, window in ASKED:
        if kpi == given.profile:
            with cProfile.Profile() as profile:
                ask(engine, kpi, window)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    chosen = [(kpi, window) for kpi, window in ASKED if not given.only or kpi in given.only]
    found = [timed(engine, kpi, window) for kpi, window in chosen]
    for one in found:
        print(f"{one.kpi:34} {one.window:6} {one.total:>9,} members {one.cpu_s:>8.3f} CPU s")
    loop = plain_loop()
    print(f"{'a plain loop of five million':60} {loop:>8.3f} CPU s")
    report = {"customers": given.customers, "loop_s": loop, "asked": [asdict(one) for one in found]}
    print(orjson.dumps(report).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
