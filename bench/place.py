"""Where a measurement runs: an installation of its own on a shared broker, and the environment its workers get."""

import json
from collections.abc import Mapping

from cli.workers import connections
from models.settings import Settings, load_settings


def place(bootstrap: str, redis_url: str, name: str, **more: object) -> Settings:
    """Settings of an installation called ``name``: own topics, own group, default everything else."""
    servers = {"kafka": {"bootstrap_servers": bootstrap}, "redis": {"url": redis_url}}
    return load_settings({**servers, "app_id": name, "topic_prefix": f"{name}.", **more})


def environment(settings: Settings) -> dict[str, str]:
    """The same as environment variables. What is not said here has its default."""
    return {
        **connections(settings),
        "CRMKPI_APP_ID": settings.app_id,
        "CRMKPI_TOPIC_PREFIX": settings.topic_prefix,
        "CRMKPI_SESSION_TIMEOUT_S": str(settings.session_timeout_s),
    }


def toml(tenants: Mapping[str, Mapping[str, object]]) -> str:
    """Tenants' settings as a settings file; strings, numbers and lists of JSON are those of TOML."""
    parts = [[f"[tenants.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in own.items())]
             for name, own in tenants.items()]  # fmt: skip
    return "\n".join(line for part in parts for line in part)
