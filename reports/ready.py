"""The four reports that come with the product, and the reports of a settings file."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from pydantic import ValidationError

from models.settings_error import SettingsError
from models.tenants import complaints
from reports.report import Report, merged, recipients


def _ready() -> dict[str, Report]:
    text = files("reports").joinpath("ready.toml").read_text(encoding="utf-8")
    return {name: Report.model_validate({"name": name, **table}) for name, table in tomllib.loads(text).items()}


READY: Final = _ready()


def reports_of(content: Mapping[str, Any]) -> tuple[Report, ...]:
    """The reports of a settings file: its tables ``[[reports]]``, each whole or a ready one (``ready = "sales_week"``).

    Raises SettingsError that names the wrong setting: ``reports.1.to.0.mail: …``.
    """
    tables = content.get("reports", [])
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        raise SettingsError("reports: must be tables, each under [[reports]]")
    found = [_report(dict(table), f"reports.{place}") for place, table in enumerate(tables)]
    seen: set[tuple[str, str]] = set()
    for place, one in enumerate(found):
        if (one.tenant, one.name) in seen:
            raise SettingsError(f"reports.{place}.name: {one.tenant} has two reports called {one.name}")
        seen.add((one.tenant, one.name))
    return tuple(found)


def _report(table: dict[str, Any], path: str) -> Report:
    ready = table.pop("ready", None)
    if ready is not None and (not isinstance(ready, str) or ready not in READY):
        raise SettingsError(f"{path}.ready: no such report: use one of {', '.join(READY)}")
    if "to" in table:
        table["to"] = recipients(table["to"])
    try:
        return Report.model_validate(table if ready is None else merged(READY[ready], table))
    except ValidationError as error:
        raise SettingsError("; ".join(complaints(error, path))) from None
