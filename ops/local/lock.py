"""`python -m ops.local.lock` regenerates kafka.lock.toml; for another Kafka, change `VERSION` in jars.py first."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jgo
from jgo.maven import MavenContext

from ops.local.jars import LOCK, VERSION

LOGGER = ("org.slf4j", "slf4j-simple", "1.7.36")  # sends the broker's log to its standard error
HEAD = f"""# Kafka {VERSION} and everything it needs, by Maven coordinates: the broker starts from exactly these files.
# Written by `make kafka-lock`; slf4j-simple is added so that the broker's log reaches its standard error.
"""


def write() -> None:
    """Resolve and fetch the dependencies, and write their SHA-256 and size."""
    group, name, version = LOGGER
    logger = MavenContext().project(group, name).at_version(version).artifact()
    found = [*jgo.resolve(f"org.apache.kafka:kafka_2.13:{VERSION}"), logger]
    LOCK.write_text(HEAD + "".join(map(_entry, sorted(found, key=lambda item: (item.groupId, item.artifactId)))))


def _entry(artifact: Any) -> str:
    data = Path(artifact.resolve()).read_bytes()
    return (
        f'\n[[dependencies]]\ngroupId = "{artifact.groupId}"\nartifactId = "{artifact.artifactId}"\n'
        f'version = "{artifact.version}"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nsize = {len(data)}\n'
    )


if __name__ == "__main__":
    write()
