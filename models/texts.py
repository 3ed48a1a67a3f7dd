"""One spelling for one name: Unicode NFC, no blanks around, `source` in small letters; and words that are no id at all.

Rules: kpi-precise A "Text" and "Identity ranks".
"""

from collections.abc import Sequence
from typing import Any, Final
from unicodedata import normalize

from models.refused import Refused

# What broken front ends and exports write where they have no id, in any case and with blanks around.
PLACEHOLDERS: Final = frozenset({
    "undefined", "null", "none", "nil", "nan", "true", "false", "0", "-1", "unknown", "anonymous", "guest",
    "[object object]", "00000000-0000-0000-0000-000000000000",
})  # fmt: skip
_LONGEST: Final = max(map(len, PLACEHOLDERS))


def respell(data: dict[str, Any], raw: bytes) -> None:
    """Spell the names of an event's data, in place; ``raw`` is the record. Blanks around ids are gone already."""
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
    """Texts of the data, of its campaign and traits in NFC. Tables are made anew: they are the producer's own."""
    for name, value in data.items():
        if type(value) is str:
            data[name] = normalize("NFC", value)
        elif name in ("campaign", "traits") and type(value) is dict:
            data[name] = {key: normalize("NFC", text) if type(text) is str else text for key, text in value.items()}
        elif name == "loser_ids" and type(value) is list:
            data[name] = [normalize("NFC", text) if type(text) is str else text for text in value]


def is_placeholder(text: object) -> bool:
    """Whether a text stands for no id."""
    return type(text) is str and len(text) <= _LONGEST and text.lower() in PLACEHOLDERS


def drop_placeholders(data: dict[str, Any], ids: Sequence[str], required: frozenset[str]) -> bool:
    """Take out ids that are none; whether there were any. Refused missing_field for one that is required."""
    found = [name for name in ids if name in data and is_placeholder(data[name])]
    for name in found:
        if name in required:
            raise Refused("missing_field", name, "a placeholder such as `undefined` or `null` is no id")
        del data[name]
    losers = data.get("loser_ids") if "winner_id" in ids else None  # other types know no such field
    if losers and any(map(is_placeholder, losers)):
        data["loser_ids"] = [loser for loser in losers if not is_placeholder(loser)]
        return True
    return bool(found)
