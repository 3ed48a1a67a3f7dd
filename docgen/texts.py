"""What the pages say beyond the catalogue: texts/*.toml, one table a KPI."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

FOLDER: Final = Path(__file__).parent / "texts"
Line = Annotated[str, Field(min_length=1)]


class Example(BaseModel):
    """A worked example: a line an event, and what the KPI then says in a window at an exclusive end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: str
    window: str = "month"
    events: Line
    expect: dict[str, float | int | str | None]  # `id` or `id{key=value}` -> value
    note: Line
    refused: int = 0  # how many of the events break the contract


class Text(BaseModel):
    """The words of one page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tells: Line
    formula: Line
    fields: tuple[Line, ...]
    traps: tuple[Line, ...]
    variants: dict[str, Line] = {}
    example: Example


def load_texts() -> dict[str, Text]:
    """KPI -> its words, in the order of the files."""
    found: dict[str, Text] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        found |= {kpi: Text.model_validate(text) for kpi, text in content.items()}
    return found
