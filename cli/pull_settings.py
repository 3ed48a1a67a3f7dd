"""Settings and secret of a pull source."""

import os
from pathlib import Path
from typing import Any

from access.files import read_secret
from cli.book import read_toml
from cli.exits import CliError
from cli.flags import one_of
from models.pulled import PulledSource
from models.settings import Settings, SettingsError, load_settings


def pulled_settings(config: Path, kafka: str | None) -> Settings:
    """Like `cli.flags.settings`, for a given file. Raises CliError."""
    given: dict[str, Any] = {"kafka": {"bootstrap_servers": kafka}} if kafka else {}
    try:
        return load_settings(given, read_toml(config))
    except SettingsError as error:
        raise CliError(f"settings: {error}") from error


def source_of(place: Settings, config: Path, name: str) -> PulledSource:
    """The source of this name. Raises CliError."""
    sources = {one.name: one for one in place.collect.sources}
    if not sources:
        raise CliError(f"{config} has no [[collect.sources]] (docs/pull.md)")
    return sources[one_of(name, sources, "source")]


def secret_of(source: PulledSource, kind: str) -> str:
    """Its ``url`` or ``token``, from its file or the environment. Raises SettingsError, never with a value."""
    setting = f"collect.sources.{source.name}.{kind}"
    if file := getattr(source, f"{kind}_file"):
        return read_secret(file, f"{setting}_file")
    variable = getattr(source, f"{kind}_env")
    if found := os.environ.get(variable, ""):
        return found
    raise SettingsError(f"{setting}_env: the environment has no {variable}")
