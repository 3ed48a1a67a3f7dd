"""What tests of the alert runner share: an installation, numbers in Redis, and a receiver that keeps what it gets."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple

from standardwebhooks.webhooks import Webhook

from bench.place import environment, place
from models.settings import Settings
from notify import ledger
from notify.entries import Entries
from ops.topics import admin, ensure, notice_topic
from sinks.base import Publication
from sinks.redis_sink import RedisSink

SECRET: Final = "whsec_" + base64.b64encode(b"twenty-four bytes at least").decode()
PATIENCE: Final = 90.0
SESSION_S: Final = 6.0  # the least that a broker allows


class Got(NamedTuple):
    """One request, its signature proven."""

    id: str
    type: str
    data: dict[str, Any]


class Receiver:
    """A webhook's other end on this machine. ``answers``: codes of the next answers; then 204."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.wrong: list[str] = []
        self.answers: list[int] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    told = Webhook(SECRET).verify(body, {name.lower(): text for name, text in self.headers.items()})
                except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
                    owner.wrong.append(repr(error))
                    told = {"type": "", "data": {}}
                code = owner.answers.pop(0) if owner.answers else 204
                if code < 300:
                    owner.got.append(Got(self.headers["webhook-id"], told["type"], told["data"]))
                self.send_response(code)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """No more."""
        self._server.shutdown()
        self._server.server_close()

    def told(self, tenant: str) -> list[tuple[int, str]]:
        """(number, state) of a tenant's messages, each once."""
        by_id = {one.id: one for one in self.got if one.data["tenant"] == tenant}
        return sorted((one.data["number"], one.data["state"]) for one in by_id.values())


class Rig:
    """An installation of its own, without workers: tests say what the numbers are."""

    def __init__(
        self, bootstrap: str, redis_url: str, name: str, folder: Path, tenants: Sequence[str], receiver: Receiver
    ) -> None:
        self.tenants, self.receiver = tenants, receiver
        self.config = folder / "crmkpi.toml"
        self.config.write_text("\n".join(self._toml()))
        self.settings: Settings = place(bootstrap, redis_url, name, session_timeout_s=SESSION_S)
        self.env = {**os.environ, **environment(self.settings), "CRMKPI_CONFIG": str(self.config)}
        self.log = folder / "alerts.log"
        self.redis_url = redis_url
        self._sink = RedisSink(redis_url)
        self._position = 0

    def _toml(self) -> Iterator[str]:
        yield "[alerts]\nevery_s = 0.3"
        for tenant in self.tenants:
            yield f'[[alerts.rules]]\nid = "win-rate"\ntenant = "{tenant}"\nkind = "threshold"\nkpi = "win_rate"'
            yield 'window = "30d"\nbelow = 0.3\nclear = 0.32\nto = ["hook"]'
        yield '[notify]\nallow_networks = ["127.0.0.0/8"]\nfirst_pause_s = 0.5\nlongest_pause_s = 2'
        for tenant in self.tenants:
            yield f'[[notify.channels]]\nname = "hook"\ntenant = "{tenant}"\nkind = "webhook"'
            yield f'url = "{self.receiver.url}"\nsecret = "{SECRET}"'

    async def publish(self, values: dict[str, float]) -> None:
        """Win rates by tenant, as a worker publishes them."""
        self._position += 1
        now = int(time.time() * 1000)
        for tenant, value in values.items():
            document = {
                "kpi": "win_rate", "window": "30d", "segment": {}, "value": value, "unit": "ratio", "n": 100,
                "status": "ok", "state": "live", "as_of": "2026-11-28T10:00:00Z",
            }  # fmt: skip
            await self._sink.publish(Publication(tenant, 0, self._position, now, [document], full=True))

    async def ready(self) -> None:
        """Topics, and numbers that are fine."""
        async with admin(self.settings.kafka) as link:
            await ensure(link, [notice_topic(self.settings)])
        await self.publish(dict.fromkeys(self.tenants, 0.5))

    def start(self, failpoint: str = "") -> subprocess.Popen[bytes]:
        """`crmkpi alerts run`."""
        env = {**self.env, "CRMKPI_NOTIFY_FAILPOINT": failpoint}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cli", "alerts", "run", "--json"], env=env, stdout=log, stderr=log
            )

    @contextmanager
    def running(self, failpoint: str = "") -> Iterator[subprocess.Popen[bytes]]:
        """The same, gone at the end."""
        process = self.start(failpoint)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                assert process.wait(30) == 0, self.log.read_text()[-2000:]

    async def until(self, what: Callable[[], bool], said: str = "") -> None:
        """Waits for it; numbers stay current meanwhile."""
        end = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < end, f"{said}\n{self.log.read_text()[-3000:]}\n{self.receiver.got}"
            await asyncio.sleep(0.05)

    async def entries(self, tenant: str) -> Entries:
        """What the ledger says."""
        return await ledger.read(self.settings, tenant)

    def command(self, *words: str) -> Any:
        """What a command says as JSON, or as text."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", "alerts", *words], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in words else done.stdout
