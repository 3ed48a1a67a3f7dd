"""One spelling per name: Unicode NFC, trimmed, `source` in lower case; and placeholders that are not ids.

Rules: kpi-precise A "Text" and "Identity ranks".
"""

from collections.abc import Sequence
from typing import Any, Final
from unicodedata import normalize

from models.refused import Refused

# What broken front ends and exports write when they have no id, in any case and with blanks around it.
PLACEHOLDERS: Final = frozenset({
    "undefined", "null", "none", "nil", "nan", "true", "false", "0", "-1", "unknown", "anonymous", "guest",
    "[object object]", "00000000-0000-0000-0000-000000000000",
})  # fmt: skip
_LONGEST: Final = max(map(len, PLACEHOLDERS))


def respell(data: dict[str, Any], raw: bytes) -> None:
    """Normalise the names in an event's data, in place; ``raw`` is the record. Ids are already trimmed."""
    if not raw.isascii() or b"\\u" in raw:
        _compose(data)
    campaign = data.get("campaign")
    for table in (data, campaign) if type(campaign) is dict else (data,):
        source = table.get("source")
        if type(source) is str and not source.islower():
            table["source"] = source.lower()
    for name, value in (data.get("traits") or {}).items():
        if type(value) is str and (not value or value[0] <= " " or value[-1] <= " "):
            data["traits"] = {**data["traits"], name: value.strip()}


def _compose(data: dict[str, Any]) -> None:
    """Convert the texts of data, campaign and traits to NFC. Tables are copied: they are the producer's own."""
    for name, value in data.items():
        if type(value) is str:
            data[name] = normalize("NFC", value)
        elif name in ("campaign", "traits") and type(value) is dict:
            data[name] = {key: normalize("NFC", text) if type(text) is str else text for key, text in value.items()}
        elif name == "loser_ids" and type(value) is list:
            data[name] = [normalize("NFC", text) if type(text) is str else text for text in value]


def is_placeholder(text: object) -> bool:
    """Whether a text is a placeholder for a missing id."""
    return type(text) is str and len(text) <= _LONGEST and text.lower() in PLACEHOLDERS


def drop_placeholders(data: dict[str, Any], ids: Sequence[str], required: frozenset[str]) -> bool:
    """Remove placeholder ids; returns whether there were any. Refused missing_field for a required one."""
    found = [name for name in ids if name in data and is_placeholder(data[name])]
    for name in found:
        if name in required:
            raise Refused("missing_field", name, "a placeholder such as `undefined` or `null` is not an id")
        del data[name]
    losers = data.get("loser_ids") if "winner_id" in ids else None  # other types have no such field
    if losers and any(map(is_placeholder, losers)):
        data["loser_ids"] = [loser for loser in losers if not is_placeholder(loser)]
        return True
    return bool(found)
