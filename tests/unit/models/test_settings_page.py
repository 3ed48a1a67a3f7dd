"""The page of operations says of every setting what it is by default."""

import json
from pathlib import Path
from typing import Any

from models.settings import TenantSettings

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def shown(value: Any) -> str:
    """A default as the page writes it."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_setting_of_a_tenant_is_on_the_page_with_its_default() -> None:
    """In the order of the model."""
    defaults = json.loads(TenantSettings().model_dump_json())
    wanted = [f"| `{name}` | {shown(value)} | " for name, value in defaults.items()]
    part = PAGE.read_text().split("## Tenant settings")[1].split("**Changes")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    assert len(rows) == len(wanted)
    assert [row for row, start in zip(rows, wanted, strict=True) if not row.startswith(start)] == []
