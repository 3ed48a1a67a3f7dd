"""The ready-made mappings, by name."""

from pathlib import Path
from typing import Final

from cli.exits import CliError

FOLDER: Final = Path(__file__).parent / "mappings"


def names() -> list[str]:
    """The names of ready-made mappings."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def mapping_file(given: Path) -> Path:
    """The user's mapping file, otherwise the ready-made one of that name. Raises CliError if neither exists."""
    if given.is_file():
        return given
    ready = FOLDER / f"{given}.toml"
    if given.name == str(given) and ready.is_file():
        return ready
    if not given.suffix and given.name == str(given):
        raise CliError(f"no mapping file {given}, and no ready mapping of that name (there are {', '.join(names())})")
    return given
