"""``python -m tests.crash --faults N --seed S``: prints the verdict last; exit code 0 only when everything is exact."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from ops.local import local_servers
from tests.crash.harness import SESSION_S, SETTLE_S, Run, say
from tests.crash.plan import plan


def main() -> int:
    """0: exact. 1: not, with the differences listed."""
    parser = argparse.ArgumentParser(prog="tests.crash", description=__doc__)
    parser.add_argument("--faults", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=310_000, help="records, within 5 %%")
    parser.add_argument("--tenants", type=int, default=6)
    parser.add_argument("--settle", type=float, default=SETTLE_S, help="s after the feed until Redis must hold all")
    parser.add_argument("--show", type=int, default=60, help="how many differences to list")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix=f"crmkpi-crash-{given.seed}-"))
    faults = plan(given.seed, given.faults, SESSION_S)
    with local_servers(say) as servers:
        run = Run(servers, folder, seed=given.seed, events=given.events, tenants=given.tenants,
                  now_ms=int(time.time() * 1000), settle_s=given.settle)  # fmt: skip
        report = asyncio.run(run.run(faults))
    differences = report.compared.differences
    for line in [*report.problems, *differences[: given.show]]:
        say(line)
    if len(differences) > given.show:
        say(f"... and {len(differences) - given.show} more")
    say(f"{report.events:,} events; workers' logs: {folder}")
    print(report.line())  # noqa: T201
    return 0 if report.exact else 1


if __name__ == "__main__":
    sys.exit(main())
