"""``python -m tests.fuzz --events N --seed S``: prints what was seen; exit code 0 only when nothing was wrong."""

import argparse
import sys
import traceback
from random import Random

from tests.fuzz.run import Report, world

WORLD: int = 1500  # records; a larger one spends its time in the recount


def main() -> int:
    """0: nothing raised, no entry too large, cells, facts and recount agree."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="accepted events")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=int, default=WORLD, help="records of one world")
    given = parser.parse_args()
    report, number = Report(), 0
    while report.accepted < given.events:
        seed = f"{given.seed}/{number}"
        seen, report.at = len(report.problems), f"world {seed}"
        try:
            # The recount is naive: a share of the worlds, smaller ones, is compared with it, in all the cells with
            # the facts.
            recounted = number % 8 == 0
            world(Random(seed), given.records // (3 if recounted else 1), report, recounted=recounted)
        except Exception as error:  # noqa: BLE001  the next world may find more
            traceback.print_exc()
            report.problems.append(f"{type(error).__name__}: {error}")
        for line in report.problems[seen:][:20]:
            sys.stdout.write(f"world {seed}: {line}\n")
        number += 1
        if number % 10 == 0:
            sys.stdout.write(f"{number} worlds: {report.line()}\n")
            sys.stdout.flush()
    sys.stdout.write(report.line() + "\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
