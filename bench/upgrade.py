"""Upgrade and rollback, tried: ``python -m bench.upgrade [--from COMMIT]``.

The build of another commit counts a share of a history, this one takes its state over and counts on, the other one is
put back, and this one again; then both run side by side, as in a rolling deployment. After each step the build that ran
compares everything with a recount (`verify`). Prints a line a step, and one JSON line last; exit code 1 when a step of
this build failed. What the other build cannot do with newer state is told, not judged.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from bench.place import place
from cli.demo_run import counted
from cli.feed import feed
from cli.lag import lag_reader
from models.settings import Settings
from ops.local import local_servers
from simulator import Sent, sized, tenant_settings

BEFORE: Final = "d6586de"  # the release before
HERE: Final = Path(__file__).resolve().parents[1]
PATIENCE: Final = 300.0
TRIES: Final = 10  # of `verify`: what is published may be a moment behind what is counted


class Step(NamedTuple):
    """What a build did: ``well`` when it counted its share and `verify` agreed."""

    name: str
    build: str
    well: bool
    said: str


class Build:
    """A source tree whose commands run in an installation of their own."""

    def __init__(self, name: str, tree: Path, env: dict[str, str], log: Path) -> None:
        self.name, self.tree, self.env, self.log = name, tree, env, log

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of its command line."""
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(command, cwd=self.tree, env=self.env, capture_output=True, text=True, check=False)

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker of it, stopped at the end."""
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams"], cwd=self.tree, env=self.env, stdout=out, stderr=out
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def verified(self) -> tuple[bool, str]:
        """Whether its own recount agrees, and what it says."""
        for _ in range(TRIES):
            done = self.run("verify")
            if done.returncode == 0:
                break
            time.sleep(2)
        lines = (done.stdout + done.stderr).splitlines()
        return done.returncode == 0, lines[0] if lines else f"code {done.returncode}"

    def last_words(self) -> str:
        """The end of its worker's log."""
        lines = self.log.read_text().splitlines()
        return lines[-1] if lines else ""


class Trial:
    """One installation that builds take over from each other."""

    def __init__(self, settings: Settings, shares: Iterator[list[Sent]]) -> None:
        self.settings, self._shares = settings, shares
        self.steps: list[Step] = []

    async def step(self, name: str, *builds: Build) -> None:
        """Workers of these builds count one more share; the last of them verifies."""
        judge = builds[-1]
        began = time.monotonic()
        with judge.worker() as process:
            others = [build.worker() for build in builds[:-1]]
            running = [process, *(other.__enter__() for other in others)]
            try:
                await self._send(next(self._shares))
                problem = await self._counted(running)
            finally:
                for other in others:
                    other.__exit__(None, None, None)
            well, said = (False, f"{problem}: {judge.last_words()}") if problem else judge.verified()
        names = " and ".join(build.name for build in builds)
        self.steps.append(Step(name, judge.name, well, said))
        print(f"{name} ({names}, {time.monotonic() - began:.0f} s): {'ok' if well else 'NOT OK'}: {said}", flush=True)

    async def _send(self, records: list[Sent]) -> None:
        async with feed(self.settings.kafka) as kafka:
            for r in records:
                await kafka.send(self.settings.topic_prefix + r.topic, r.value, r.key, r.headers, r.partition)

    async def _counted(self, workers: list[subprocess.Popen[bytes]]) -> str:
        """Empty when all is counted, else what kept it from that."""
        end = time.monotonic() + PATIENCE
        async with lag_reader(self.settings) as lags:
            while not counted(found := await lags.read()):
                if ended := [process.returncode for process in workers if process.poll() is not None]:
                    return f"the worker ended with code {ended[0]}"
                if time.monotonic() > end:
                    return f"{found.records} records wait after {PATIENCE:g} s"
                await asyncio.sleep(0.3)
        return ""


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """The files of a commit of this repository."""
    with tempfile.TemporaryDirectory(prefix="crmkpi-upgrade-") as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=HERE, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        yield Path(folder)


def shares(events: int, number: int) -> Iterator[list[Sent]]:
    """A company's history of 90 days in so many parts."""
    world = sized(random.Random(1), 1, events, int(time.time() * 1000), days=90)
    history = world.history()
    while True:
        yield list(islice(history, events // number))


async def tried(settings: Settings, events: int, old: Build, new: Build) -> list[Step]:
    """All steps."""
    trial = Trial(settings, shares(events, 5))
    await trial.step("the release before counts", old)
    await trial.step("upgrade", new)
    await trial.step("rollback", old)
    await trial.step("upgrade again", new)
    await trial.step("side by side", old, new)
    return trial.steps


def main() -> int:
    """0 when every step of this build went well."""
    parser = argparse.ArgumentParser(prog="bench.upgrade", description=__doc__)
    parser.add_argument("--from", dest="commit", default=BEFORE, help=f"the commit to come from (default {BEFORE})")
    parser.add_argument("--events", type=int, default=5_000, help="records of the history (default 5,000)")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # new topics need a moment, and it says so each time
    logs = Path(tempfile.mkdtemp(prefix="crmkpi-upgrade-logs-"))
    config = logs / "crmkpi.toml"
    config.write_text(toml(tenant_settings(1)))
    with tree_of(given.commit) as tree, local_servers(lambda line: print(line, file=sys.stderr)) as servers:
        settings = place(servers.kafka.bootstrap, servers.redis.url, "upgrade", session_timeout_s=6)
        env = {**os.environ, **told(settings), "CRMKPI_CONFIG": str(config)}
        old = Build(given.commit, tree, env, logs / "old.log")
        new = Build("this build", HERE, env, logs / "new.log")
        if (made := old.run("topics", "ensure")).returncode:
            raise RuntimeError(made.stderr)
        steps = asyncio.run(tried(settings, given.events, old, new))
    print(json.dumps({"from": given.commit, "logs": str(logs), "steps": [step._asdict() for step in steps]}))
    return int(not all(step.well for step in steps if step.build == new.name))


def told(settings: Settings) -> dict[str, str]:
    """The environment of both builds: only names that the release before knows, too."""
    return {
        "CRMKPI_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "CRMKPI_REDIS__URL": settings.redis.url,
        "CRMKPI_APP_ID": settings.app_id,
        "CRMKPI_TOPIC_PREFIX": settings.topic_prefix,
        "CRMKPI_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
    }


def toml(tenants: dict[str, dict[str, object]]) -> str:
    """Tenants' settings as a settings file."""
    lines = [f"[tenants.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in own.items())
             for name, own in tenants.items()]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
