"""``python -m bench``: prints progress, a table with ratios, and one JSON line last."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import orjson

from bench import offline
from bench.run import STEPS as SERVED
from bench.run import Bench
from bench.table import Result, show
from ops.local import local_servers


def main() -> int:
    """0 if everything requested was measured and every comparison matched, else 1."""
    steps = (*SERVED, *offline.STEPS)
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="records of the workload (default 1,000,000)")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the latency measurement (default 60)")
    parser.add_argument("--only", nargs="+", choices=steps, default=list(steps), help="some of the steps")
    parser.add_argument("--profile", type=Path, help="write a cProfile of the full path's worker to this file")
    given = parser.parse_args()
    logs = Path(tempfile.mkdtemp(prefix="crmkpi-bench-"))
    result = Result(given.events)
    if set(given.only) & set(SERVED):
        with local_servers(say) as servers:
            bench = Bench(servers.kafka.bootstrap, servers.redis.url, given.events, int(time.time() * 1000), logs, say)
            asyncio.run(bench.run(given.only, given.seconds, given.profile))
        result = bench.result
    result.offline = offline.run(given.only, given.events, say)
    print(show(result))
    print(f"Workers' logs: {logs}")
    print(orjson.dumps(result.summary()).decode())
    return 0 if result.right else 1


def say(line: str) -> None:
    """Progress, for people."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
