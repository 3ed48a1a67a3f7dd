"""Reads the worker's settings and every tenant's, from environment and settings file."""

import os
import tomllib
from pathlib import Path

from models.settings import Settings, SettingsError, TenantBook, load_settings
from streams.stop import Refused

FILE = "CRMKPI_CONFIG"  # path of the settings file, if it isn't ./crmkpi.toml


def configured() -> tuple[Settings, TenantBook]:
    """The settings, and every tenant's: the defaults overridden by the file. Raises Refused."""
    try:
        content = _content()
        settings = load_settings(file=content)
        own = {
            "tenant": settings.tenant.model_dump(),
            "tenants": content.get("tenants", {}),
            "tenants_open": settings.tenants_open,
        }
        return settings, TenantBook.from_mapping(own)
    except OSError as error:
        raise Refused(f"the settings file {error.filename} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"the settings file is not valid TOML: {error}") from error
    except SettingsError as error:
        raise Refused(str(error)) from error


def settings_file() -> Path | None:
    """The settings file in use; None if there is none."""
    given, here = os.environ.get(FILE), Path("crmkpi.toml")
    return Path(given) if given else here if here.is_file() else None


def _content() -> dict[str, object]:
    file = settings_file()
    return tomllib.loads(file.read_text(encoding="utf-8")) if file else {}
