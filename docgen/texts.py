"""The text of the KPI pages: texts/*.toml, one table per KPI."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

FOLDER: Final = Path(__file__).parent / "texts"
Line = Annotated[str, Field(min_length=1)]


class Example(BaseModel):
    """A worked example: one event per line, and the expected values of a window that ends at ``as_of`` (exclusive)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_of: str
    window: str = "month"
    events: Line
    expect: dict[str, float | int | str | None]  # `id` or `id{key=value}` -> value
    note: Line
    refused: int = 0  # how many of the events break the contract


class Text(BaseModel):
    """The text of one page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: Line
    formula: Line
    fields: tuple[Line, ...]
    pitfalls: tuple[Line, ...]
    variants: dict[str, Line] = {}
    example: Example


def load_texts() -> dict[str, Text]:
    """KPI -> its text, in the order of the files."""
    found: dict[str, Text] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        found |= {kpi: Text.model_validate(text) for kpi, text in content.items()}
    return found
