"""Kafka's jars: by Maven coordinates through jgo, verified against kafka.lock.toml (SHA-256), cached."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from ops.local.unit import Progress, ServerError

LOCK = Path(__file__).with_name("kafka.lock.toml")
VERSION = "4.1.1"


class Jar(NamedTuple):
    """One line of the lock: Maven coordinates, SHA-256 in hex, size in bytes."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int


def cache_folder() -> Path:
    """The cache: $CRMKPI_CACHE, else $XDG_CACHE_HOME/crmkpi, else ~/.cache/crmkpi."""
    given = os.environ.get("CRMKPI_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "crmkpi"


def locked() -> list[Jar]:
    """Every jar of the lock file."""
    entries = tomllib.loads(LOCK.read_text())["dependencies"]
    return [Jar(e["groupId"], e["artifactId"], e["version"], e["sha256"], e["size"]) for e in entries]


def kafka_jars(progress: Progress) -> Path:
    """The folder with exactly the locked jars, fetched if needed.

    Raises ServerError if one can't be fetched or doesn't match the lock.
    """
    home = cache_folder() / f"kafka-{VERSION}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not home.exists():
        jars = locked()
        progress(f"Fetching Kafka {VERSION} ({sum(jar.size for jar in jars) / 1e6:.0f} MB, once) ...")
        home.parent.mkdir(parents=True, exist_ok=True)
        # Fetched into a temporary folder and renamed once complete: aborted or parallel downloads do no harm.
        aside = Path(tempfile.mkdtemp(prefix="fetch-", dir=home.parent))
        try:
            _fetch_all(jars, aside)
            _rename(aside / "jars", home)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return home


def _fetch_all(jars: list[Jar], aside: Path) -> None:
    (aside / "jars").mkdir()
    context = _maven(aside / "maven")
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda jar: _fetch(context, jar, aside / "jars"), jars):
            pass


def _maven(repository: Path) -> Any:
    from jgo.config import GlobalSettings  # jgo takes half a second to import: only when needed
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    remotes = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    return MavenContext(repo_cache=repository, remote_repos=remotes, timeout=60)


def _fetch(context: Any, jar: Jar, into: Path) -> None:
    name = f"{jar.group}:{jar.artifact}:{jar.version}"
    try:
        path = Path(context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())
    except (OSError, RuntimeError) as error:
        raise ServerError(
            f"could not fetch {name}: {error}. Check the network (a Maven mirror can be set in jgo's own "
            "configuration file), "
            "or set KAFKA_BOOTSTRAP_SERVERS to a running broker."
        ) from error
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != jar.sha256:
        raise ServerError(f"{name} is not the locked file (SHA-256 {digest}, locked {jar.sha256}); nothing was started")
    path.rename(into / f"{jar.artifact}-{jar.version}.jar")


def _rename(aside: Path, home: Path) -> None:
    try:
        aside.rename(home)
    except OSError:
        if not home.exists():  # else another process was faster, with the same verified files
            raise
