"""Supervised worker processes, for `worker`, `up` and `demo`."""

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from cli.flags import CONFIG, settings
from models.settings import KafkaSettings, RedisSettings, Settings
from ops.local import Servers
from ops.local.guard import Guard
from ops.local.unit import Given
from ops.supervisor import Supervisor


def worker_command(as_of: int | None = None, log: Path | None = None) -> list[str]:
    """The command of a worker process; with ``log``, its output goes there instead of the terminal."""
    frozen = [] if as_of is None else ["--as-of", datetime.fromtimestamp(as_of / 1000, UTC).isoformat()]
    command = [sys.executable, "-m", "streams", *frozen]
    if log is None:
        return command
    return ["sh", "-c", f"exec {shlex.join(command)} >>{shlex.quote(str(log))} 2>&1"]


def worker_environment(place: Settings, config: Path | None = None) -> dict[str, str]:
    """Our environment, overridden by flags, with the tenants' settings file."""
    return {
        **os.environ,
        **connections(place),
        "CRMKPI_TOPIC_PREFIX": place.topic_prefix,
        "CRMKPI_APP_ID": place.app_id,
        **({CONFIG: str(config)} if config else {}),
    }


def connections(place: Settings) -> dict[str, str]:
    """All Kafka and Redis settings, so that no settings file interferes; empty: not set."""
    sections = (("KAFKA", place.kafka), ("REDIS", place.redis))
    return {f"CRMKPI_{name}__{key.upper()}": _text(value) for name, section in sections for key, value in section}


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)


def place_of(servers: Servers) -> Settings:
    """Settings for these servers. Servers started here use plain text without credentials."""
    place = settings(servers.kafka.bootstrap, servers.redis.url)
    own: dict[str, object] = {}
    if not isinstance(servers.kafka.unit, Given):
        own["kafka"] = KafkaSettings(bootstrap_servers=servers.kafka.bootstrap)
    if not isinstance(servers.redis.unit, Given):
        own["redis"] = RedisSettings(url=servers.redis.url)
    return place.model_copy(update=own)


class Workers:
    """A supervisor whose workers end with this process, even when it is killed with -9."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        processes: int,
        progress: Callable[[str], None],
        folder: Path | None = None,
    ) -> None:
        """``folder`` is deleted if this process is killed; otherwise its creator deletes it."""
        self._guard = Guard()
        self._delete = f"; sleep 0.2; rm -rf -- {shlex.quote(str(folder))}" if folder else ""
        self._guard.on_death(f":{self._delete}")
        self._progress = progress
        self.supervisor = Supervisor(command, processes=processes, progress=self._report, env=env)

    def run(self) -> int:
        """Blocks until stopped (Ctrl-C, SIGTERM, `stop`) or a worker fails for good. Returns the exit code."""
        try:
            return self.supervisor.run()
        finally:
            self._guard.dismiss()

    def alive(self) -> bool:
        """Whether any worker is running or about to be restarted."""
        return any(slot.process is not None or slot.start_at is not None for slot in self.supervisor.slots)

    def stop(self) -> None:
        """Makes `run` return; safe from another thread."""
        self.supervisor.stop()

    def _report(self, line: str) -> None:
        pids = [str(slot.process.pid) for slot in self.supervisor.slots if slot.process is not None]
        kill = f"kill -9 {' '.join(pids)} 2>/dev/null" if pids else ":"
        self._guard.on_death(kill + self._delete)
        self._progress(line)
