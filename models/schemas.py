"""JSON Schemas (2020-12) of every event type and of the KPI document. ``python -m models.schemas`` writes them."""

import json
from pathlib import Path
from typing import Any, Final

from models.bounds import NAME_LENGTH
from models.events import SHAPES, TOPIC_OF
from models.kpi import KpiDocument
from models.shape import adapter

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = Path(__file__).resolve().parent.parent / "schemas"

_TIME: Final = {"type": "string", "format": "date-time"}
_ENVELOPE: Final[dict[str, Any]] = {
    "specversion": {"type": "string"},
    "id": {"type": ["string", "integer"], "maxLength": NAME_LENGTH},
    "source": {"type": "string", "maxLength": NAME_LENGTH},
    "tenantid": {"type": "string", "pattern": "^[a-z0-9_-]{1,64}$"},
    "time": _TIME,
    "sentat": _TIME,
    "recordedtime": _TIME,
}


def event_schema(type_: str) -> dict[str, Any]:
    """Schema of a whole event in structured mode; ``type_`` with its ``crm.`` prefix."""
    data = adapter(SHAPES[type_]).json_schema()
    definitions = data.pop("$defs", {})
    return {
        "$schema": DRAFT,
        "title": type_,
        "description": f"Topic {TOPIC_OF[type_]}. {data.pop('description', '')}".strip(),
        "type": "object",
        "required": ["type", "data"] if data.get("required") else ["type"],
        "properties": {"type": {"enum": [type_, f"{type_}.v1"]}, **_ENVELOPE, "data": data},
        "$defs": definitions,
    }


def every() -> dict[str, dict[str, Any]]:
    """File name -> schema."""
    files = {f"{type_}.json": event_schema(type_) for type_ in SHAPES}
    document = KpiDocument.model_json_schema()
    return {**files, "kpi-document.json": {"$schema": DRAFT, **document}}


def text(schema: dict[str, Any]) -> str:
    """The schema file's content."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write all schemas and delete those of types that no longer exist."""
    files = every()
    folder.mkdir(exist_ok=True)
    for stale in {path.name for path in folder.glob("*.json")} - files.keys():
        (folder / stale).unlink()
    for name, schema in files.items():
        (folder / name).write_text(text(schema), encoding="utf-8")


if __name__ == "__main__":
    write()
