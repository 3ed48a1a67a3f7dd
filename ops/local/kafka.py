"""A single Kafka broker (KRaft: broker and controller in one) as a local process."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from ops.local.jars import kafka_jars
from ops.local.java import find_java
from ops.local.kept import hold
from ops.local.net import HOST, free_port, wanted_port
from ops.local.process import ProcessUnit
from ops.local.unit import Kafka, Progress, ServerError
from ops.wire import brokers_at

START_S = 90.0  # a machine under heavy load needs many times the usual few seconds
MEMORY_MB = 700  # heap, code, class data and buffers of the broker at its peak
HEAP = ("-Xms96m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:MaxDirectMemorySize=96m", "-XX:-UsePerfData", "-Xshare:auto")
LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",  # a misspelt topic is an error, not a new topic
    # A broker killed with -9 can return once its old session expires: 3 s instead of 9.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "replica.fetch.max.bytes": str(9 << 20),  # internal topics accept records of 8 MB
    "log.cleaner.threads": "1",
    "log.cleaner.dedupe.buffer.size": str(
        32 << 20
    ),  # the default of 128 MB is a third of the heap; this still holds 1.2 M keys
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
}

LISTENERS = ("listeners", "advertised.listeners", "listener.security.protocol.map")


def start_kafka(
    progress: Progress,
    port: int = 0,
    *,
    advertise: str = "",
    more: Mapping[str, str] | None = None,
    data: Path | None = None,
    keep: Path | None = None,
) -> Kafka:
    """Start a broker on 127.0.0.1 (`port` 0: a free one). `advertise`: another host:port for clients.

    `more`: properties that override ours; listeners are added to ours. `data`: the data folder of such a broker, now
    stopped; the new one starts with a copy. `keep`: a folder in which its data persists.

    Raises ServerError: port in use, too little memory, no Java, no jars, folder in use.
    """
    port = wanted_port(port, "Kafka")
    _enough_memory()
    java, which = find_java()
    jars = kafka_jars(progress)
    progress(f"Starting Kafka on {HOST}:{port} ({which}) ...")
    own, held = more or {}, None if keep is None else hold(keep)
    unit = ProcessUnit(
        "kafka",
        lambda folder: _prepare(
            keep or folder / "data",
            java,
            jars,
            _write_config(folder, port, free_port(), advertise, {"log.dirs": str(keep), **own} if keep else own),
            data,
        ),
        lambda: bool(brokers_at(HOST, port)),
        START_S,
        held,
    )
    try:
        unit.start()
    except BaseException:
        unit.remove()
        raise
    return Kafka(f"{HOST}:{port}", unit)


def _prepare(data: Path, java: str, jars: Path, config: Path, copied: Path | None = None) -> Sequence[str]:
    meta = data / "meta.properties"
    if not meta.exists():
        shutil.copytree(copied or formatted(java, jars), data, dirs_exist_ok=True)
        if copied is None:
            meta.write_text(re.sub(r"(?m)^cluster.id=.*$", f"cluster.id={_cluster_id()}", meta.read_text()))
    return [java, *HEAP, *LOGGING, "-cp", f"{jars}/*", "kafka.Kafka", str(config)]


def _write_config(
    folder: Path, port: int, controller: int, advertise: str = "", more: Mapping[str, str] = MappingProxyType({})
) -> Path:
    here = {
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{advertise or f'{HOST}:{port}'}",
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "log.dirs": str(folder / "data"),
    }
    ours = SETTINGS | here
    added = {key: f"{ours[key]},{more[key]}" for key in LISTENERS if key in more}
    path = folder / "server.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in {**ours, **more, **added}.items()))
    return path


def formatted(java: str, jars: Path) -> Path:
    """An empty data folder, formatted once by Kafka's own tool: saves 1–2 s per start."""
    ready = jars.with_name(f"{jars.name}-formatted")
    if not ready.exists():
        with tempfile.TemporaryDirectory(dir=jars.parent, prefix="format-") as aside:
            _format(java, jars, Path(aside))
            _move(Path(aside) / "data", ready)
    return ready


def _format(java: str, jars: Path, folder: Path) -> None:
    config = _write_config(folder, 1, 2)
    tool = [
        java,
        *LOGGING,
        "-cp",
        f"{jars}/*",
        "kafka.tools.StorageTool",
        "format",
        "-t",
        _cluster_id(),
        "-c",
        str(config),
    ]
    done = subprocess.run(tool, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"Kafka could not format its data directory:\n{done.stdout}{done.stderr}")


def _move(made: Path, ready: Path) -> None:
    try:
        made.rename(ready)
    except OSError:
        if not ready.exists():  # else another process just made the same one
            raise


def _cluster_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A", 1)


def _enough_memory() -> None:
    available = available_mb()
    if available is not None and available < MEMORY_MB:
        raise ServerError(
            f"only {available} MB of memory are available and Kafka needs about {MEMORY_MB} MB. "
            "Free some memory, or set KAFKA_BOOTSTRAP_SERVERS to a running broker."
        )


def available_mb() -> int | None:
    """Memory available to new processes in MB, within container limits; None where it is unknown."""
    info = Path("/proc/meminfo")
    if not info.exists():
        return None
    found = re.search(r"MemAvailable:\s+(\d+) kB", info.read_text())
    free = int(found[1]) // 1024 if found else os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.exists() and used.exists() and limit.read_text().strip() != "max":
        free = min(free, (int(limit.read_text()) - int(used.read_text())) >> 20)
    return free
