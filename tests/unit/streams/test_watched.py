"""The settings file while a worker runs."""

import os
from pathlib import Path

import pytest

from streams.configure import configured
from streams.watched import Watched


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty settings file that is the worker's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRMKPI_CONFIG", str(tmp_path / "own.toml"))
    path = tmp_path / "own.toml"
    path.write_text("")
    return path


def write(file: Path, text: str) -> None:
    """A change that no clock is too coarse to see."""
    other = file.with_suffix(".new")
    other.write_text(text)
    os.replace(other, file)


def test_a_change_is_seen_once(file: Path) -> None:
    """And what says the same as before is none."""
    watched = Watched(configured()[1])
    assert not watched.look()
    write(file, '[tenants.acme]\ntz = "Europe/Helsinki"\n')
    assert watched.look()
    assert not watched.look()
    assert watched.book["acme"].tz == "Europe/Helsinki"
    write(file, '# the same\n[tenants.acme]\ntz = "Europe/Helsinki"\n')
    assert not watched.look()


@pytest.mark.parametrize("text", ['[tenants.acme]\ntz = "Mars/Base"\n', "[tenants.acme\n", "[tenant]\nlow_m = 3\n"])
def test_a_wrong_file_changes_nothing_and_is_told_once(file: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """One line that names what is wrong."""
    write(file, "[tenant]\nlow_n = 7\n")
    watched = Watched(configured()[1])
    write(file, text)
    assert not watched.look()
    assert not watched.look()
    assert watched.book["acme"].low_n == 7
    (line,) = caplog.messages
    assert "keeping the previous settings" in line
    assert "TOML" in line or "tenants.acme.tz" in line or "tenant.low_m" in line


def test_a_file_that_goes_and_comes(file: Path) -> None:
    """Without the file, what it said is gone; a named one that is missing is an error."""
    watched = Watched(configured()[1])
    file.unlink()
    assert not watched.look()
    write(file, "[tenant]\nlow_n = 9\n")
    assert watched.look()
    assert watched.book["acme"].low_n == 9
