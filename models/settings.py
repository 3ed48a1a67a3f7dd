"""The installation's settings. Order: argument, environment, ``.env``, settings file, default."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as Unreadable

from models.alerting import AlertSettings
from models.collecting import CollectSettings
from models.connections import KafkaSettings, RedisSettings
from models.mailing import MailSettings
from models.notifying import NotifySettings, SmtpSettings
from models.serving import ServeToken
from models.settings_error import SettingsError
from models.tenants import TenantBook, TenantSettings, complaints

__all__ = [
    "AlertSettings",
    "CollectSettings",
    "HttpSettings",
    "KafkaSettings",
    "MailSettings",
    "NotifySettings",
    "QuerySettings",
    "RedisSettings",
    "ServeToken",
    "Settings",
    "SettingsError",
    "SmtpSettings",
    "TenantBook",
    "TenantSettings",
    "load_settings",
]

WebAddress = Annotated[str, StringConstraints(pattern=r"^(https?://[A-Za-z0-9._~:/\[\]-]{1,200})?$")]
TopicPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,100}$")]


class HttpSettings(BaseModel):
    """The worker's monitoring port: /metrics, /healthz, /readyz. Each worker takes the first free port from `port`.

    Port 0: off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464


class QuerySettings(BaseModel):
    """The worker's query port, for `crmkpi serve`: members of a number, timelines, series of segments.

    Its address and a private token are published in Redis. Port 0: any free one. ``advertise``: the host under which
    others reach it; default: ``host``, or this machine's name if that means all interfaces.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: bool = True
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    advertise: str = ""


class Settings(BaseSettings):
    """Infrastructure. Environment: ``CRMKPI_KAFKA__BOOTSTRAP_SERVERS``, ``CRMKPI_REDIS__URL``, ``CRMKPI_APP_ID`` …

    The plain ``KAFKA_BOOTSTRAP_SERVERS`` and ``REDIS_URL`` are used if the prefixed ones are not set.
    """

    model_config = SettingsConfigDict(
        env_prefix="CRMKPI_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    redis: RedisSettings = RedisSettings()
    http: HttpSettings = HttpSettings()
    query: QuerySettings = QuerySettings()
    tenant: TenantSettings = TenantSettings()  # defaults for every tenant
    tenants_open: bool = True  # false: only tenants with their own table in the settings file may send
    app_id: Annotated[TopicPart, Field(min_length=1)] = "crmkpi"  # consumer group, and prefix of internal topics
    topic_prefix: TopicPart = ""  # prefix of every topic, so that installations can share a broker
    input_partitions: Annotated[int, Field(ge=1, le=1000)] = 4
    journal_partitions: Annotated[int, Field(ge=1, le=1000)] = 12  # never changes: it decides where tenants are placed
    replication: Annotated[int, Field(ge=1, le=9)] = 1
    session_timeout_s: Annotated[float, Field(gt=0, le=1800)] = 10.0
    worker_id: TopicPart = ""  # a worker's name, stable across restarts; the supervisor assigns one
    publish_interval_ms: Annotated[int, Field(ge=10, le=60_000)] = 250
    collect: CollectSettings = CollectSettings()
    alerts: AlertSettings = AlertSettings()
    notify: NotifySettings = NotifySettings()
    smtp: SmtpSettings = SmtpSettings()
    mail: MailSettings = MailSettings()
    serve_tokens: tuple[ServeToken, ...] = ()  # for the dashboard; none: only this machine has access, without a token
    serve_open: bool = False  # without tokens: anyone who reaches its port has access (a container on loopback)
    serve_hosts: tuple[str, ...] = ()  # host names of the dashboard, besides those of this machine
    serve_collector: WebAddress = ""  # the collector's address as the dashboard shows it; none: its usual one here
    serve_first: str = ""  # the tenant the page opens with by default

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the plain names after the prefixed ones."""
        plain = InitSettingsSource(settings_cls, init_kwargs=_PlainNames().nested())
        return init_settings, env_settings, dotenv_settings, plain, file_secret_settings


class _PlainNames(BaseSettings):
    """The names other tools already use."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    kafka_bootstrap_servers: str | None = None
    redis_url: str | None = None

    def nested(self) -> dict[str, Any]:
        """In Settings' structure; unset names are left out."""
        found: dict[str, Any] = {}
        if self.kafka_bootstrap_servers:
            found["kafka"] = {"bootstrap_servers": self.kafka_bootstrap_servers}
        if self.redis_url:
            found["redis"] = {"url": self.redis_url}
        return found


def load_settings(arguments: Mapping[str, Any] | None = None, file: Mapping[str, Any] | None = None) -> Settings:
    """Settings from all sources; ``arguments`` have priority, ``file`` (a parsed settings file) comes last.

    Raises SettingsError, which names the wrong setting.
    """
    content = {key: value for key, value in (file or {}).items() if key in Settings.model_fields}

    class WithFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *args: Any, **sources: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            found = super().settings_customise_sources(settings_cls, *args, **sources)
            return (*found, InitSettingsSource(settings_cls, init_kwargs=content))

    try:
        return WithFile(**(arguments or {}))
    except ValidationError as error:
        raise SettingsError("; ".join(complaints(error))) from None
    except Unreadable as error:  # a whole section given as text that isn't JSON; the message does not contain it
        raise SettingsError(str(error)) from None
