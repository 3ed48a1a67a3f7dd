"""Files of Google Analytics 4, and the command itself."""

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.exits import CliError
from cli.main import app
from cli.pull_state import State
from collectors.pulled import ga4_files
from tests.unit.cli.pulling import Kept, Killed, Place


def line(number: int) -> bytes:
    """A view of a page."""
    place = {"key": "page_location", "value": {"string_value": f"https://shop.example/{number}"}}
    view: dict[str, Any] = {"event_name": "page_view", "user_pseudo_id": "7.7", "event_params": [place]}
    return orjson.dumps({**view, "event_timestamp": str(1_793_527_200_000_000 + number)}) + b"\n"


def export(folder: Path, name: str, numbers: range) -> None:
    """A file of views."""
    raw = b"".join(map(line, numbers))
    (folder / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of four lines."""
    monkeypatch.setattr(ga4_files, "LINES", 4)


def shop(folder: Path) -> Place:
    """The settings."""
    return Place(folder, kind="ga4", path="events_*")


@pytest.mark.parametrize("page", range(1, 7))
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_page_and_resumed_is_exact(tmp_path: Path, page: int, moment: str) -> None:
    """Line by line, over several files, compressed and plain; a page is repeated at most."""
    export(tmp_path, "events_20261101.json", range(10))
    export(tmp_path, "events_20261102.json.gz", range(10, 16))
    export(tmp_path, "events_intraday_20261103.json", range(90, 99))
    place, sent = shop(tmp_path), Kept(**{moment: page})
    with pytest.raises(Killed):
        await place.pull(sent)
    await place.pull(sent)
    assert len(sent.once()) == 16
    assert len(sent.events) <= 20
    export(tmp_path, "events_20261103.json", range(16, 18))
    assert (await place.pull(sent)).sent == 2
    assert (await place.pull(sent)).sent == 0
    assert len(sent.once()) == 18


async def test_a_day_that_was_exported_anew_is_read_again(tmp_path: Path) -> None:
    """With more rows than before: those it had have the same ids."""
    export(tmp_path, "events_20261101.json", range(6))
    place, sent = shop(tmp_path), Kept()
    await place.pull(sent)
    export(tmp_path, "events_20261101.json", range(7))
    await place.pull(sent)
    assert len(sent.once()) == 7


def test_a_state_file_is_one_process_only(tmp_path: Path) -> None:
    """The second is told so; a try looks at a copy."""
    with State(tmp_path / "s", "k") as state:
        state.keep({"a": 1})
        with pytest.raises(CliError, match="another"):
            State(tmp_path / "s", "k")
    with State(tmp_path / "s", "k", dry=True) as dry:
        assert dry.cursor == {"a": 1}
        dry.keep({"a": 2})
    with State(tmp_path / "s", "k") as state:
        assert state.cursor == {"a": 1}


def config(folder: Path) -> Path:
    """A settings file of one source."""
    file = folder / "crmkpi.toml"
    file.write_text('[[collect.sources]]\nname = "web"\nkind = "ga4"\ntenant = "acme"\npath = "events_*"\n')
    return file


def test_the_command_prints_what_it_would_send(tmp_path: Path) -> None:
    """And the second time the same: nothing is remembered of a try."""
    export(tmp_path, "events_20261101.json", range(6))
    for _ in range(2):
        result = CliRunner().invoke(app, ["pull", str(config(tmp_path)), "--source", "web", "--dry-run"])
        assert result.exit_code == 0, result.stderr
        events = [orjson.loads(one) for one in result.stdout.splitlines()]
        assert [one["data"]["url"][-1] for one in events] == list("012345")
        assert "web: 6 events printed" in result.stderr


@pytest.mark.parametrize(
    ("name", "text"), [("wob", "no such source: wob (did you mean web?)"), ("web", "no file matches")]
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, name: str, text: str) -> None:
    """With the code of wrong use."""
    result = CliRunner().invoke(app, ["pull", str(config(tmp_path)), "--source", name, "--dry-run"])
    assert result.exit_code == 2
    assert text in result.stderr
    assert len(result.stderr.splitlines()) == 1
