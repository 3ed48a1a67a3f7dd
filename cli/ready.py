"""Mappings that come with the product, by name."""

from pathlib import Path
from typing import Final

from cli.exits import CliError

FOLDER: Final = Path(__file__).parent / "mappings"


def names() -> list[str]:
    """What ready mappings there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def mapping_file(given: Path) -> Path:
    """A mapping file of the user, else the ready one of that name. Raises CliError when there is neither."""
    if given.is_file():
        return given
    ready = FOLDER / f"{given}.toml"
    if given.name == str(given) and ready.is_file():
        return ready
    if not given.suffix and given.name == str(given):
        raise CliError(f"no mapping file {given}, and no ready mapping of that name (there are {', '.join(names())})")
    return given
