"""Kafka and Redis as containers, through testcontainers, if a Docker engine responds."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ops.local.guard import Guard
from ops.local.kafka import SETTINGS, START_S
from ops.local.net import HOST, wait_until, wanted_port
from ops.local.unit import Kafka, Progress, Redis, ServerError
from ops.wire import brokers_at, redis_answers

KAFKA_IMAGE, REDIS_IMAGE = "apache/kafka:4.1.1", "redis:8"
HEAP = "-Xms96m -Xmx384m -XX:+UseSerialGC -XX:MaxDirectMemorySize=96m"
REMOVE = "import docker, sys; docker.from_env().containers.get(sys.argv[1]).remove(force=True, v=True)"


class ImageMissing(ServerError):
    """The engine responds, but an image is missing and can't be pulled."""


def why_not() -> str:
    """Why containers can't be used, in a few words; empty if they can. Takes at most 2 s."""
    try:
        import docker  # type: ignore[import-untyped]  # comes with testcontainers, without types
    except ImportError:
        return "testcontainers is not installed"
    try:
        docker.from_env(timeout=2).ping()
    except (docker.errors.DockerException, OSError):
        return "no Docker engine responds"
    return ""


def start_kafka(progress: Progress, port: int = 0) -> Kafka:
    """A broker in a container; it keeps its port on 127.0.0.1 across restarts. Raises ServerError."""
    port = wanted_port(port, "Kafka")
    listeners = {
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://{HOST}:9093",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:9093",
    }
    names = {"KAFKA_" + key.upper().replace(".", "_"): value for key, value in (SETTINGS | listeners).items()}
    unit = ContainerUnit("kafka", KAFKA_IMAGE, port, port, {**names, "KAFKA_HEAP_OPTS": HEAP}, [], progress)
    unit.run(lambda: bool(brokers_at(HOST, port)))
    return Kafka(f"{HOST}:{port}", unit)


def start_redis(progress: Progress, port: int = 0) -> Redis:
    """A Redis in a container, without persistence. Raises ServerError."""
    port = wanted_port(port, "Redis")
    command = ["redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"]
    unit = ContainerUnit("redis", REDIS_IMAGE, port, 6379, {}, command, progress)
    unit.run(lambda: redis_answers(HOST, port))
    return Redis(f"redis://{HOST}:{port}/0", unit)


class ContainerUnit:
    """One container with one port, bound to 127.0.0.1."""

    def __init__(
        self, name: str, image: str, port: int, inside: int, env: dict[str, str], command: list[str], progress: Progress
    ) -> None:
        from testcontainers.core.config import testcontainers_config
        from testcontainers.core.container import DockerContainer

        # Our own guard cleans up after a kill -9: one image fewer to pull than testcontainers' way.
        testcontainers_config.ryuk_disabled = True
        self.name = name
        self._container = DockerContainer(image).with_envs(**env).with_name(f"crmkpi-{name}-{port}")
        # Declared as a number, but the engine accepts (address, number), and ours must be the loopback address.
        self._container.ports[str(inside)] = (HOST, port)  # type: ignore[assignment]
        if command:
            self._container.with_command(command)
        _pull(self._container.get_docker_client().client, image, progress)
        progress(f"Starting {image} on {HOST}:{port} ...")
        self._guard = Guard()
        self._answers: Callable[[], bool] = lambda: False
        self._removed = False

    def run(self, answers: Callable[[], bool]) -> None:
        """Create and start it; return once it responds."""
        self._answers = answers
        try:
            self._container.start()
            own = str(self._wrapped.id)
            self._guard.on_death(shlex.join([sys.executable, "-c", REMOVE, own]))
            self._wait_for_answer()
        except BaseException:
            self.remove()
            raise

    @property
    def _wrapped(self) -> Any:
        return self._container.get_wrapped_container()

    def start(self) -> None:
        """Restart the stopped container: same data, same port."""
        with _engine():
            self._wrapped.start()
            self._wait_for_answer()

    def stop(self) -> None:
        """SIGTERM, 20 s, SIGKILL."""
        self._wrapped.stop(timeout=20)

    def kill(self) -> None:
        """SIGKILL."""
        self._wrapped.kill()

    def pause(self) -> None:
        """Freeze all processes of the container."""
        self._wrapped.pause()

    def resume(self) -> None:
        """Unfreeze the container; return once it responds."""
        self._wrapped.unpause()
        self._wait_for_answer()

    def remove(self) -> None:
        """Remove the container and its volumes."""
        if not self._removed:
            self._removed = True
            if self._container.get_wrapped_container() is not None:
                self._container.stop(force=True, delete_volume=True)
            self._guard.dismiss()

    def memory(self) -> int:
        """Memory used by the container, in bytes, without its page cache."""
        used = self._wrapped.stats(stream=False).get("memory_stats", {})
        return int(used.get("usage", 0)) - int(used.get("stats", {}).get("inactive_file", 0))

    def runs(self) -> bool:
        """Whether it is running, also if paused. Raises ServerError if the engine does not respond."""
        with _engine():
            self._wrapped.reload()
        return str(self._wrapped.status) in ("running", "paused", "restarting")

    def _running(self) -> bool:
        self._wrapped.reload()
        return str(self._wrapped.status) == "running"

    def _wait_for_answer(self) -> None:
        if not wait_until(self._answers, START_S, self._running):
            last = self._wrapped.logs(tail=15).decode(errors="replace")
            raise ServerError(f"the {self.name} container did not start. Its last lines:\n{last}")


@contextmanager
def _engine() -> Iterator[None]:
    import docker

    try:
        yield
    except (docker.errors.DockerException, OSError) as error:
        raise ServerError(f"the Docker engine: {error}") from error


def _pull(client: Any, image: str, progress: Progress) -> None:
    import docker

    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        progress(f"Pulling {image} (once) ...")
        try:
            client.images.pull(*image.split(":"))
        except docker.errors.APIError as error:
            raise ImageMissing(
                f"a Docker engine responds, but {image} cannot be pulled: {error.explanation}"
            ) from error
