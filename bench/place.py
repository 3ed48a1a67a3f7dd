"""The setting of a measurement: a separate installation on a shared broker, and its workers' environment."""

import json
from collections.abc import Mapping

from cli.workers import connections
from models.settings import Settings, load_settings


def place(bootstrap: str, redis_url: str, name: str, **more: object) -> Settings:
    """Settings of an installation called ``name``: its own topics and group, defaults otherwise."""
    servers = {"kafka": {"bootstrap_servers": bootstrap}, "redis": {"url": redis_url}}
    return load_settings({**servers, "app_id": name, "topic_prefix": f"{name}.", **more})


def environment(settings: Settings) -> dict[str, str]:
    """The same as environment variables; anything missing here has its default."""
    return {
        **connections(settings),
        "CRMKPI_APP_ID": settings.app_id,
        "CRMKPI_TOPIC_PREFIX": settings.topic_prefix,
        "CRMKPI_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
    }


def toml(tenants: Mapping[str, Mapping[str, object]]) -> str:
    """Tenants' settings as a settings file; JSON strings, numbers and lists are valid TOML."""
    parts = [[f"[tenants.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in own.items())]
             for name, own in tenants.items()]  # fmt: skip
    return "\n".join(line for part in parts for line in part)
