"""Tests upgrade and rollback: ``python -m bench.upgrade [--from COMMIT]``.

The build of another commit counts a share of a company's history. This build takes its state over. The other one is
rolled back to and must count that state correctly or refuse it, without harm: this one continues, even while both run.
Then the real rollback: the other build recounts the journal under another application id, and this one takes both
states over again.

After each step the build that ran compares everything with a recount (`verify`). Prints one line per step, and one JSON
line last; exit code 1 if a step did not end as it should.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from bench.builds import HERE, Build, Running, Verdict, tree_of
from bench.place import place, toml
from cli.demo_run import counted
from cli.feed import feed
from cli.lag import lag_reader
from models.settings import Settings
from ops.local import local_servers
from simulator import Sent, sized, tenant_settings

BEFORE: Final = "d6586de"  # the previous release
PATIENCE: Final = 600.0
REFUSALS: Final = 2  # stops of a worker restarted by its supervisor: all are alike
SHARES: Final = 8
NEWER: Final = "newer build"  # part of the message about unknown state


class Step(NamedTuple):
    """A step's result; ``well``: it ended as it should."""

    name: str
    build: str
    well: bool
    seconds: float  # until everything was counted, or refused
    detail: str


class Trial:
    """One installation on which builds take over from each other."""

    def __init__(self, settings: Settings, shares: Iterator[list[Sent]]) -> None:
        self.settings, self._shares = settings, shares
        self.steps: list[Step] = []

    async def count(self, name: str, *builds: Build, app_id: str | None = None) -> None:
        """Workers of these builds count one more share, and everything so far; the last build verifies."""
        own = [build.under(app_id) if app_id else build for build in builds]
        settings = self.settings.model_copy(update={"app_id": app_id}) if app_id else self.settings
        began = time.monotonic()
        with ExitStack() as stack:
            running = [stack.enter_context(build.worker()) for build in own]
            await self._send(next(self._shares))
            problem = await _counted(settings, running[-1])
            seconds = time.monotonic() - began
            verdict = Verdict(False, problem) if problem else own[-1].verified()
            ends = [end for one in running[:-1] for end in one.ends()]
        aside = f"; meanwhile {builds[0].name} stopped {len(ends)} times" if len(builds) > 1 else ""
        self._report(Step(name, builds[-1].name, verdict.agrees, seconds, verdict.detail + aside))

    async def put_back(self, name: str, build: Build) -> None:
        """A worker of this build counts what is there and verifies, or refuses it explicitly."""
        began = time.monotonic()
        with build.worker() as running:
            await self._send(next(self._shares))
            problem = await _counted(self.settings, running, REFUSALS)
            ends, code, seconds = running.ends(), running.code, time.monotonic() - began
            verdict = build.verified() if not problem else Verdict(all(NEWER in end for end in ends), problem)
        how = "" if code is None else f" (the supervisor ended with code {code})"
        self._report(Step(name, build.name, verdict.agrees, seconds, verdict.detail + how))

    def _report(self, step: Step) -> None:
        self.steps.append(step)
        word = "ok" if step.well else "NOT OK"
        print(f"{step.name} ({step.build}, {step.seconds:.0f} s): {word}: {step.detail}", flush=True)

    async def _send(self, records: list[Sent]) -> None:
        async with feed(self.settings.kafka) as kafka:
            for r in records:
                await kafka.send(self.settings.topic_prefix + r.topic, r.value, r.key, r.headers, r.partition)


async def _counted(settings: Settings, running: Running, most: int | None = None) -> str:
    """Empty once everything is counted, else the reason: also that workers stopped ``most`` times."""
    end = time.monotonic() + PATIENCE
    async with lag_reader(settings) as lags:
        while not counted(found := await lags.read()):
            ends = running.ends()
            if running.code is not None or (most is not None and len(ends) >= most):
                return f"workers stopped {len(ends)} times: {' · '.join(ends[-1:])}"
            if time.monotonic() > end:
                return f"{found.records} records wait after {PATIENCE:g} s"
            await asyncio.sleep(0.3)
    return ""


def shares(events: int, number: int) -> Iterator[list[Sent]]:
    """A company's 90-day history in ``number`` parts."""
    world = sized(random.Random(1), 1, events, int(time.time() * 1000), days=90)
    history = world.history()
    while True:
        yield list(islice(history, events // number))


async def tried(settings: Settings, events: int, old: Build, new: Build) -> list[Step]:
    """All steps."""
    trial, back = Trial(settings, shares(events, SHARES)), f"{settings.app_id}-back"
    await trial.count("the release before counts", old)
    await trial.count("upgrade", new)
    await trial.put_back("back on the same state", old)
    await trial.count("upgrade again", new)
    await trial.count("side by side", old, new)
    await trial.count("back under another application id", old, app_id=back)
    await trial.count("upgrade of that", new, app_id=back)
    await trial.count("forward under the first application id", new)
    return trial.steps


def main() -> int:
    """0 if every step ended as it should."""
    parser = argparse.ArgumentParser(prog="bench.upgrade", description=__doc__)
    parser.add_argument("--from", dest="commit", default=BEFORE, help=f"the commit to come from (default {BEFORE})")
    parser.add_argument("--events", type=int, default=8_000, help="records of the history (default 8,000)")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics need a moment, and aiokafka logs each retry
    logs = Path(tempfile.mkdtemp(prefix="crmkpi-upgrade-logs-"))
    config = logs / "crmkpi.toml"
    config.write_text(toml(tenant_settings(1)))
    with tree_of(given.commit) as tree, local_servers(lambda line: print(line, file=sys.stderr)) as servers:
        settings = place(servers.kafka.bootstrap, servers.redis.url, "upgrade", session_timeout_s=6)
        env = {**os.environ, **environment_of(settings), "CRMKPI_CONFIG": str(config)}
        old = Build(given.commit, tree, env, logs / "old.log")
        new = Build("this build", HERE, env, logs / "new.log")
        if (made := old.run("topics", "ensure")).returncode:
            raise RuntimeError(made.stderr)
        steps = asyncio.run(tried(settings, given.events, old, new))
    print(json.dumps({"from": given.commit, "logs": str(logs), "steps": [step._asdict() for step in steps]}))
    return int(not all(step.well for step in steps))


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of both builds: only names that the previous release knows, too."""
    return {
        "CRMKPI_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "CRMKPI_REDIS__URL": settings.redis.url,
        "CRMKPI_APP_ID": settings.app_id,
        "CRMKPI_TOPIC_PREFIX": settings.topic_prefix,
        "CRMKPI_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
    }


if __name__ == "__main__":
    sys.exit(main())
