"""The report on one worker that its query port serves to the dashboard: its lanes, and counters for computing rates.

Counters only grow while the process lives: two reports give a rate per second. No tenant is named.
"""

import os
import socket
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Final

from prometheus_client import Counter, Histogram

from streams.engine.rows import Origin
from streams.monitor.health import Body
from streams.monitor.metrics import Metrics

SHOWN: Final = 200  # quarantined events listed by name; the rest are only counted


def report(
    metrics: Metrics, *, ready: Body, uptime: float, failures: int, quarantined: Iterable[Origin], pending: int
) -> Body:
    """``ready``: the body of /readyz. ``uptime``: seconds. ``pending``: tenants with unpublished changes.

    ``publish`` and ``count``: durations in seconds, as cumulative [upper bound or null, count] and their sum.
    """
    held = sorted(quarantined)
    return {
        "worker": f"{socket.gethostname()}:{os.getpid()}",
        "build": version("crmkpi"),
        "uptime_s": round(uptime, 1),
        "failures": failures,
        **{name: ready[name] for name in ("ready", "reasons", "lanes", "restoring", "recovery_progress")},
        "counters": {
            "accepted": total(metrics.consumed),
            "rejected": total(metrics.rejected),
            "late": total(metrics.late),
            "duplicates": total(metrics.deduplicated),
            "dead_letters": total(metrics.dead_letters),
            "rebalances": total(metrics.rebalances),
            "sink_errors": total(metrics.sink_errors),
        },
        "publish": histogram(metrics.flush),
        "count": histogram(metrics.process, stage="count"),
        "pending": pending,
        "quarantined": len(held),
        "quarantine": ["/".join(map(str, origin)) for origin in held[:SHOWN]],
    }


def total(counter: Counter) -> int:
    """A counter's total over all labels."""
    (family,) = counter.collect()
    return sum(int(sample.value) for sample in family.samples if sample.name.endswith("_total"))


def histogram(found: Histogram, **labels: str) -> dict[str, Any]:
    """Cumulative buckets and the sum, for the given labels."""
    (family,) = found.collect()
    mine = [one for one in family.samples if labels.items() <= one.labels.items()]
    bounds = [(one.labels["le"], int(one.value)) for one in mine if one.name.endswith("_bucket")]
    buckets = [[None if bound == "+Inf" else float(bound), held] for bound, held in bounds]
    return {"buckets": buckets, "sum": sum(one.value for one in mine if one.name.endswith("_sum"))}
