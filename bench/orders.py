"""A shop's orders, similar in number and distribution to those of the CDNOW data set: music, 1997 to 1998.

It has 69,659 orders of 23,570 customers who first bought in the first quarter of 1997. These are drawn from the model
published for them, BG/NBD (Fader, Hardie and Lee, Marketing Science 24, 2005), over a period that yields as many.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

import orjson

from bench.workload import rfc3339

ORDERS: Final = 69_659
CUSTOMERS: Final = 23_570
SINCE_MS: Final = 852_076_800_000  # 1997-01-01
WEEK_MS: Final = 7 * 86_400_000
JOINING: Final = 12  # weeks in which customers first buy
WEEKS: Final = 120
END_MS: Final = SINCE_MS + (WEEKS + 1) * WEEK_MS
R, ALPHA, A, B = 0.243, 4.414, 0.793, 2.426  # the paper's estimates, in weeks


def orders(number: int) -> list[bytes]:
    """About ``number`` orders by time, from as many customers as that takes."""
    rng, customers = Random(1), range(CUSTOMERS * number // ORDERS)
    found = sorted((time, buyer) for buyer in customers for time in purchases(rng))[:number]
    return [orjson.dumps({"id": f"order-{n}", "source": "/shop", "type": "crm.order.completed", "time": rfc3339(time),
                          "data": {"order_id": f"o-{n}", "customer_id": f"c-{buyer}", "currency": "USD",
                                   "amount": f"{rng.lognormvariate(3.3, 0.75):.2f}"}})
            for n, (time, buyer) in enumerate(found)]  # fmt: skip


def purchases(rng: Random) -> Iterator[int]:
    """A customer's purchase times, ms UTC."""
    week, dropout, rate = rng.uniform(0, JOINING), rng.betavariate(A, B), rng.gammavariate(R, 1 / ALPHA)
    while week < WEEKS:
        yield SINCE_MS + int(week * WEEK_MS)
        if rng.random() < dropout:
            return
        week += rng.expovariate(rate) if rate > 1e-9 else WEEKS
