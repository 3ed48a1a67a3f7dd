"""Rules of how a command starts: it loads what it needs."""

import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
import typer

from cli.root import MODULES, app

SERVERS = ("aiohttp", "aiokafka", "redis")
LOADED = "import sys; from cli.main import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"


def loaded(*args: str) -> tuple[str, set[str]]:
    """What a command prints, and the modules that are loaded after it."""
    done = subprocess.run([sys.executable, "-c", LOADED, *args], capture_output=True, text=True, check=True)
    *lines, modules = done.stdout.splitlines()
    return "\n".join(lines), set(modules.split())


@pytest.mark.parametrize(
    ("args", "without"),
    [
        (["--version"], ("numpy", "pydantic", *SERVERS)),
        (["--help"], ("numpy", "pydantic", *SERVERS)),
        (["send", "--help"], ("numpy", "models.settings", *SERVERS)),
        (["kpis", "list"], ("models.settings", *SERVERS)),
    ],
)
def test_a_command_without_servers_loads_no_client_of_theirs(args: list[str], without: tuple[str, ...]) -> None:
    """They take longer to load than what it does."""
    printed, modules = loaded(*args)

    assert printed
    assert not modules & set(without)


@pytest.mark.parametrize("name", MODULES)
def test_what_the_list_of_commands_says_is_how_their_help_begins(name: str) -> None:
    """It is written twice so that the list need not load them."""
    commands: Any = typer.main.get_command(app)
    told = commands.get_command(None, name).help
    assert " ".join(told.split("\n\n")[0].split()).startswith(MODULES[name][1])


def test_the_version_is_that_of_the_package() -> None:
    """As `pip show` says it."""
    assert loaded("--version")[0] == f"crmkpi {version('crmkpi')}"
