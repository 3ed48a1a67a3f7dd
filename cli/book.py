"""Tenant settings from a file and flags."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.exits import CliError
from models.settings import Settings, SettingsError, TenantBook


def load_book(
    config: Path | None,
    *,
    tz: str | None = None,
    currency: str | None = None,
    dimensions: Sequence[str] = (),
    kpis: Sequence[str] = (),
    windows: Sequence[str] = (),
) -> TenantBook:
    """The settings of all tenants from the file, overridden by flags; dimensions are added to the tenant's own.

    Raises CliError with the file and the setting.
    """
    content = read_toml(config) if config else {}
    given = (("tz", tz), ("currency", currency), ("kpis", kpis), ("windows", windows))
    flags = {key: value for key, value in given if value}
    shared = _table(content, "tenant")
    over = {name: _over(shared, own, flags, dimensions) for name, own in _table(content, "tenants").items()}
    try:
        return TenantBook.from_mapping({"tenant": _over({}, shared, flags, dimensions), "tenants": over})
    except SettingsError as error:
        raise CliError(f"{config or 'settings'}: {error}") from error


def workers_book(place: Settings, config: Path | None) -> TenantBook:
    """The settings of all tenants as workers see them: defaults from `place`, each tenant's own from the file."""
    tenants = read_toml(config).get("tenants", {}) if config else {}
    try:
        return TenantBook.from_mapping(
            {"tenant": place.tenant.model_dump(), "tenants": tenants, "tenants_open": place.tenants_open}
        )
    except SettingsError as error:
        raise CliError(f"{config or 'settings'}: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """A parsed settings file. Raises CliError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CliError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{path} is not valid TOML: {error}") from error


def _table(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(table := content.get(name, {}), dict):
        raise CliError(f"settings: {name} must be a table")
    return table


def _over(shared: Mapping[str, Any], own: Any, flags: Mapping[str, Any], dimensions: Sequence[str]) -> Any:
    if not isinstance(own, dict):
        return own  # TenantBook's own validation names it
    known = own.get("dimensions", shared.get("dimensions", []))
    if not dimensions or not isinstance(known, list):
        return {**own, **flags}
    return {**own, **flags, "dimensions": list(dict.fromkeys([*known, *dimensions]))}
