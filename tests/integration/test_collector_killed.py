"""Events over HTTP while broker and collector are killed: what is acknowledged is counted, once, and nothing else."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from bench.place import environment, place
from bench.worker import Worker
from ops.local import Kafka
from ops.local.net import HOST, free_port
from touchpoints import Touchpoints
from touchpoints.verdicts import Verdict

pytestmark = pytest.mark.servers
SECONDS: Final = 24.0
LONG: Final = 600.0  # of the soak
RATE: Final = 150  # events a second and client
CLIENTS: Final = 2
PATIENCE: Final = 300.0
BAD: Final = 50  # every so many events one without its address, which is refused


class Installation:
    """A collector and a worker of an installation of their own."""

    def __init__(self, kafka: Kafka, redis_url: str, name: str, folder: Path) -> None:
        self.settings = place(kafka.bootstrap, redis_url, name, session_timeout_s=6, journal_partitions=2)
        self.env = {**os.environ, **environment(self.settings), "CRMKPI_JOURNAL_PARTITIONS": "2"}
        self.port, self.log, self.name = free_port(), folder / "collector.log", name

    def collector(self) -> subprocess.Popen[bytes]:
        """`crmkpi collector`, at the same port again and again."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "cli", "collector", "--port", str(self.port)]
            return subprocess.Popen(command, env=self.env, stdout=log, stderr=log)

    def command(self, *words: str) -> str:
        """What a command prints; it must succeed."""
        done = subprocess.run([sys.executable, "-m", "cli", *words], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Kept:
    """A collector that is started again when it ends, as a supervisor does."""

    def __init__(self, place: Installation) -> None:
        self._place, self._stopping = place, threading.Event()
        self.process = place.collector()
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _keep(self) -> None:
        while not self._stopping.wait(0.2):
            if self.process.poll() is not None:
                self.process = self._place.collector()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()

    def stop(self) -> None:
        """For good; it answers what is under way."""
        self._stopping.set()
        self._thread.join()
        self.process.terminate()
        assert self.process.wait(60) == 0


@contextmanager
def kept(place: Installation) -> Iterator[Kept]:
    """Gone at the end, whatever happens."""
    collector = Kept(place)
    try:
        yield collector
    finally:
        collector.stop()


class Client:
    """Sends events for a while with the Python client, and keeps the verdicts."""

    def __init__(self, number: int, place: Installation, folder: Path) -> None:
        self.sent: set[str] = set()
        self.verdicts: list[Verdict] = []
        self.number, self._place = number, place
        self._client = Touchpoints(
            f"http://{HOST}:{place.port}", place.name, spool=folder / f"{number}.db", on_verdict=self.verdicts.append
        )

    def run(self, seconds: float) -> None:
        """As long as that, and then until there is a verdict on every event."""
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            while len(self.sent) < elapsed * RATE:
                self._send()
            time.sleep(0.02)
        self._client.flush(PATIENCE)
        self._client.close(1)

    def _send(self) -> None:
        data = {"anonymous_id": f"v-{len(self.sent) % 97}", "url": "https://acme.example/"}
        if len(self.sent) % BAD == 7:
            del data["url"]
        self.sent.add(self._client.track("page.viewed", data))


def faults(kafka: Kafka, collector: Kept, seconds: float) -> None:
    """The broker is killed twice and the collector once, spread over the time."""
    broker = kafka.unit
    for kill in (broker.kill, collector.kill, broker.kill):
        time.sleep(seconds / 4)
        kill()
        if kill == broker.kill:
            time.sleep(1)
            broker.start()


@pytest.mark.parametrize("seconds", [SECONDS, pytest.param(LONG, marks=pytest.mark.soak)])
def test_what_is_acknowledged_is_counted(
    kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path, seconds: float
) -> None:
    place_ = Installation(kafka, redis_url, app_id, tmp_path)
    place_.command("topics", "ensure")
    with kept(place_) as collector:
        clients = [Client(number, place_, tmp_path) for number in range(CLIENTS)]
        running = [threading.Thread(target=client.run, args=(seconds,)) for client in clients]
        for thread in running:
            thread.start()
        faults(kafka, collector, seconds)
        for thread in running:
            thread.join()
    sent = {name for client in clients for name in client.sent}
    verdicts = {one.id: one for client in clients for one in client.verdicts}
    assert verdicts.keys() == sent
    assert sum(len(client.verdicts) for client in clients) == len(sent)  # one each
    accepted = sum(one.accepted for one in verdicts.values())
    assert len(sent) - accepted == sum(-(-(len(client.sent) - 7) // BAD) for client in clients)
    worker = Worker(place_.env, tmp_path / "worker.log")  # only now: one that loses its broker ends, as it should
    try:
        counted(place_, accepted, worker)
    finally:
        worker.stop()
    sys.stderr.write(f"\n  {len(sent):,} events, {accepted:,} accepted and counted\n")


def counted(place_: Installation, accepted: int, worker: Worker) -> None:
    """Every accepted event is counted once; what came twice is a duplicate, or invalid again."""
    store = redis.Redis.from_url(place_.settings.redis.url, decode_responses=True)
    end, first = time.monotonic() + PATIENCE, -1
    while first != accepted and time.monotonic() < end:
        assert worker.code is None, worker.tail()
        time.sleep(0.5)
        rates = [numerator(store, place_.name, kpi) for kpi in ("duplicate_rate", "invalid_rate", "conflict_rate")]
        first = numerator(store, place_.name, "received") - sum(rates)
    assert (first, rates[2]) == (accepted, 0)


def numerator(store: Any, tenant: str, kpi: str) -> int:
    """Of the document over all time; 0 while there is none."""
    return int(store.hget(f"crmkpi:{{{tenant}}}:kpi:{kpi}:all", "numerator") or 0)
