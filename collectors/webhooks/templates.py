"""Texts with paths in them, filled in from an item: ``{deal.id}``. Pure."""

import re
from typing import Any, Final

from collectors.webhooks.items import at, given

_PATH: Final = re.compile(r"\{([^{}]+)\}")
Wanted = str | int | bool | list[str | int | bool]
"""What a value may be: one of these; "*" is any, "" none."""


def paths_in(template: str) -> list[str]:
    """The paths that a text names."""
    return _PATH.findall(template)


def filled_in(value: Any, item: Any, body: Any) -> Any:
    """Texts filled in, at any depth; what is empty is left out."""
    if isinstance(value, str):
        return filled(value, item, body)
    if isinstance(value, dict):
        return given(**{name: filled_in(one, item, body) for name, one in value.items()}) or None
    if isinstance(value, list):
        return [found for one in value if (found := filled_in(one, item, body)) is not None] or None
    return value


def filled(template: str, item: Any, body: Any) -> Any:
    """A text with its paths filled in; a path alone keeps the type of what stands there. None: one is empty."""
    if match := _PATH.fullmatch(template):
        found = value_at(item, body, match[1])
        return None if found == "" else found
    found = {path: value_at(item, body, path) for path in _PATH.findall(template)}
    if any(value in (None, "") or isinstance(value, dict | list) for value in found.values()):
        return None
    return _PATH.sub(lambda match: str(found[match[1]]), template)


def value_at(item: Any, body: Any, path: str) -> Any:
    return at(body, path[1:]) if path.startswith("@") else at(item, path)


def fits(value: Any, wanted: Wanted) -> bool:
    """Whether a value is one of those wanted; numbers and texts that are written alike are alike."""
    choices = wanted if isinstance(wanted, list) else [wanted]
    if "*" in choices and value not in (None, ""):
        return True
    return any(_word(value) == _word(choice) for choice in choices)


def _word(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
