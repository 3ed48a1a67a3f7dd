"""Mapping files: how a row of a CSV becomes events. Pure; `cli.csvfile` reads files."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cli.dates import SPECIAL
from cli.fields import kinds, natural_key

Cells = Mapping[str, str]
Wanted = str | list[str]  # a cell's value, a list of them, "*" (anything), "" (empty)
COLUMN: Final = re.compile(r"\{([^{}]+)\}")
_EDGES: Final = re.compile("^[\\s\ufeff\u200b\u200e\u200f\\x00]+|[\\s\ufeff\u200b\u200e\u200f\\x00]+$")


class _Strict(BaseModel):
    """A table of the mapping file; unknown keys are errors, not extensions."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lookup(_Strict):
    """Columns joined from another CSV in the same folder; a row without a match gets empty cells."""

    file: str
    on: str
    take: list[str] = Field(min_length=1)


class EventRule(_Strict):
    """One event per row. ``{column}`` in a text is replaced; a text with an empty column is omitted."""

    type: str
    time: str
    when: dict[str, Wanted] = {}
    key: list[str] | str = []  # columns that identify the event; default: the mapping's, otherwise those of the type
    id: str = ""  # a template for the whole id, instead of one derived from the key
    data: dict[str, Any] = {}

    @field_validator("type")
    @classmethod
    def _prefixed(cls, name: str) -> str:
        return name if name.startswith("crm.") or not name else f"crm.{name}"


class CsvMapping(_Strict):
    """A whole mapping file."""

    source: str = ""  # default: /import/ and the name of the mapping file
    tenant: str = ""
    tz: str = "UTC"  # zone of dates and times without one
    date_format: str = ""  # one of date_formats
    date_formats: list[str] = []  # strptime, or "excel", "unix", "unix_ms"; ISO 8601 is always accepted
    decimal: Literal["", ".", ","] = ""  # default: inferred from the file's numbers
    delimiter: str = Field(default="", max_length=1)  # default: found out
    encoding: str = ""  # default: detected (Unicode), otherwise refused with a guess
    currency: str = ""  # for amounts without one; "?": must be given
    key: list[str] | str = []
    revision: str = ""  # column with last change or version: corrections then need no ledger
    salesforce_ids: list[str] = []  # columns with ids of 15 or 18 characters
    aliases: dict[str, dict[str, str]] = {}
    lookups: list[Lookup] = []
    events: list[EventRule] = Field(min_length=1)

    @property
    def formats(self) -> tuple[str, ...]:
        """All declared date formats."""
        return tuple(filter(None, [self.date_format, *self.date_formats]))

    @field_validator("date_formats")
    @classmethod
    def _forms(cls, forms: list[str]) -> list[str]:
        for form in forms:
            if form not in SPECIAL and "%" not in form:
                raise ValueError(
                    f"{form!r} is neither a strptime form such as %d.%m.%Y nor one of {', '.join(SPECIAL)}"
                )
        return forms


@lru_cache(4096)
def tidy(text: str) -> str:
    """A normalised heading or cell: NFC, trimmed, without byte order and direction marks."""
    text = _EDGES.sub("", text) if not text.isascii() or text != text.strip() or "\0" in text else text
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def heading(text: str) -> str:
    """A normalised heading: also without line breaks and double blanks."""
    return " ".join(tidy(text).split())


def columns_in(text: str) -> list[str]:
    """The columns in a template."""
    return [heading(name) for name in COLUMN.findall(text)]


def listed(names: list[str] | str) -> list[str]:
    """The columns of a key, given as one, a list, or a template."""
    if isinstance(names, str):
        return columns_in(names) or ([heading(names)] if names else [])
    return [column for name in names for column in (columns_in(name) or [heading(name)])]


def columns_named(mapping: CsvMapping) -> dict[str, str]:
    """Every column the mapping reads, with where it is named (for messages)."""
    named = {heading(lookup.on): f"lookups ({lookup.file})" for lookup in mapping.lookups}
    named |= dict.fromkeys(map(heading, mapping.aliases), "aliases")
    named |= dict.fromkeys(map(heading, mapping.salesforce_ids), "salesforce_ids")
    named |= dict.fromkeys(listed(mapping.key), "key")
    named |= dict.fromkeys(columns_in(mapping.revision), "revision")
    for rule in mapping.events:
        for text in (rule.time, rule.id, *_texts(rule.data)):
            named |= dict.fromkeys(columns_in(text), f"event {rule.type}")
        named |= dict.fromkeys(map(heading, rule.when), f"event {rule.type}, when")
        named |= dict.fromkeys(listed(rule.key), f"event {rule.type}, key")
    return named


def columns_of_kind(mapping: CsvMapping, wanted: frozenset[str]) -> set[str]:
    """The columns that fill fields of these kinds."""
    return {
        column
        for rule in mapping.events
        for field, value in rule.data.items()
        if isinstance(value, str) and kinds(rule.type).get(field) in wanted
        for column in columns_in(value)
    }


def without_key(mapping: CsvMapping) -> str | None:
    """What to add to a mapping if an event has no key, in words; None if all have one."""
    for number, rule in enumerate(mapping.events, start=1):
        if rule.id or listed(rule.key) or listed(mapping.key) or key_fields(rule):
            continue
        columns = ", ".join(f'"{name}"' for name in columns_in(rule.time)) or '"…"'
        return (
            f"event {number} ({rule.type}) has no key: nothing tells its rows apart when the file is imported again. "
            f'Add the columns that name a row, above [[events]]: key = ["Id"] (or several: key = [{columns}, "…"])'
        )
    return None


def key_fields(rule: EventRule) -> tuple[str, ...]:
    """The fields that identify an event of a rule without a key; empty if the rule fills none of them."""
    single = natural_key(rule.type)
    if single is not None and single in rule.data:
        return (single, *(field for field in ("recipient_hash",) if single == "message_id" and field in rule.data))
    ids = tuple(field for field in rule.data if field.endswith("_id"))
    more = tuple(
        field for field in ("object", "to_stage", "kpi", "window", "base", "quote", "date") if field in rule.data
    )
    return (*ids, *more) if ids or rule.type in ("crm.target.set", "crm.fx.rate_set") else ()


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
