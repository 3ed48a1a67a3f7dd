"""The parameters of a Google Analytics 4 event: a list of keys with values of four types. Pure."""

from typing import Any, Final

from collectors.webhooks.items import Fault, rows

_TEXTS: Final = ("string_value", "int_value")
_NUMBERS: Final = ("int_value", "double_value", "float_value", "string_value")


class Params:
    """The values by key; the first of a repeated key wins."""

    def __init__(self, values: dict[str, dict[str, Any]]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        """A text or integer as text; None if absent, empty or `(not set)`. Raises Fault."""
        value = self._first(name, _TEXTS)
        if value is None or value in ("", "(not set)"):
            return None
        if isinstance(value, str) or type(value) is int:
            return str(value)
        raise Fault(f"event_params.{name}", "must be a text or a whole number")

    def needed(self, name: str) -> str:
        """The same, required."""
        if (value := self.text(name)) is None:
            raise Fault(f"event_params.{name}", "is missing")
        return value

    def number(self, name: str) -> Any:
        """A number as sent; validated by the contract."""
        return self._first(name, _NUMBERS)

    def flag(self, name: str) -> bool:
        """Whether it is set to one or true."""
        return str(self._first(name, _TEXTS)).lower() in ("1", "true")

    def _first(self, name: str, kinds: tuple[str, ...]) -> Any:
        value = self._values.get(name, {})
        return next((value[kind] for kind in kinds if value.get(kind) is not None), None)


def params_of(row: Any) -> Params:
    """The parameters of a row. Raises Fault."""
    found: dict[str, dict[str, Any]] = {}
    for one in rows(row, "event_params"):
        if not isinstance(one, dict) or not isinstance(one.get("key"), str):
            raise Fault("event_params", "must be an array of keys and values")
        value = one.get("value")
        if isinstance(value, dict):
            found.setdefault(one["key"], value)
    return Params(found)
