"""Connections to Kafka and Redis: addresses, TLS and credentials. Secrets are never printed.

Files are only named here; `access` reads them on each connection, so that rotated ones are picked up.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["KafkaSettings", "RedisSettings"]

SASL: Final = ("SASL_PLAINTEXT", "SASL_SSL")
TLS: Final = ("SSL", "SASL_SSL")
MECHANISMS: Final = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
SCHEMES: Final = ("redis://", "rediss://", "unix://")
SECRET_WORDS: Final = frozenset({"username", "password", "ssl_password"})


def _blank_is_none(value: object) -> object:
    """An empty variable counts as unset: compose files and CI pass those on."""
    return None if value == "" else value


def _known_scheme(url: str) -> str:
    if not url.startswith(SCHEMES):
        raise ValueError(f"must begin with {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}")
    return url


Text = Annotated[str | None, BeforeValidator(_blank_is_none)]
Secret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]


class Connection(BaseModel):
    """TLS of a connection, as every server of ours is reached by."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    ca_file: Text = None  # PEM; default: the system's trust store
    certificate_file: Text = None  # PEM, our certificate, with or without its key
    key_file: Text = None
    key_password: Secret = None
    key_password_file: Text = None
    check_hostname: bool = True

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    def _check_tls(self, on: bool, how: str) -> None:
        if not on and (given := self._given("ca_file", "certificate_file", "key_file")):
            raise wrong(f"{given[0]} is given, but {how}")
        if self.key_file and not self.certificate_file:
            raise wrong("key_file is given without certificate_file")
        if self._given("key_password", "key_password_file") and not self.certificate_file:
            raise wrong("key_password is given without certificate_file and key_file")
        self._check_once("key_password")

    def _check_once(self, name: str) -> None:
        if len(self._given(name, f"{name}_file")) == 2:
            raise wrong(f"set either {name} or {name}_file, not both")


class KafkaSettings(Connection):
    """The broker, for every client. Environment: ``CRMKPI_KAFKA__SECURITY_PROTOCOL`` …"""

    bootstrap_servers: Annotated[str, Field(min_length=1)] = "localhost:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Annotated[
        Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None, BeforeValidator(_blank_is_none)
    ] = None
    username: Text = None
    password: Secret = None
    password_file: Text = None
    token_file: Text = None  # for OAUTHBEARER; reread for every connection

    @model_validator(mode="after")
    def _combination(self) -> Self:
        protocol = self.security_protocol
        self._check_tls(protocol in TLS, f"security_protocol {protocol} uses no TLS: set it to SSL or SASL_SSL")
        self._check_once("password")
        if protocol in SASL:
            self._check_sasl(protocol)
        elif given := self._given("sasl_mechanism", "username", "password", "password_file", "token_file"):
            text = "sends no credentials: set it to SASL_SSL or SASL_PLAINTEXT"
            raise wrong(f"{given[0]} is given, but security_protocol {protocol} {text}")
        return self

    def _check_sasl(self, protocol: str) -> None:
        if self.sasl_mechanism is None:
            raise wrong(f"sasl_mechanism is missing: security_protocol {protocol} needs {MECHANISMS}")
        if self.sasl_mechanism == "OAUTHBEARER":
            if self.token_file is None:
                raise wrong("token_file is missing: sasl_mechanism OAUTHBEARER reads its token from a file")
            if given := self._given("username", "password", "password_file"):
                raise wrong(f"{given[0]} is given, but sasl_mechanism OAUTHBEARER takes a token_file only")
            return
        if self.token_file is not None:
            raise wrong(f"token_file is given, but sasl_mechanism {self.sasl_mechanism} takes username and password")
        if self.username is None:
            raise wrong(f"username is missing: sasl_mechanism {self.sasl_mechanism} needs one")
        if not self._given("password", "password_file"):
            raise wrong(f"password or password_file is missing: sasl_mechanism {self.sasl_mechanism} needs one")


class RedisSettings(Connection):
    """Where KPI documents are published. ``rediss://`` means TLS.

    Credentials in the URL are moved to ``username`` and ``password``, so the URL itself is safe to show.
    """

    url: Annotated[str, AfterValidator(_known_scheme)] = "redis://localhost:6379/0"
    username: Text = None  # ACL user; none: Redis's user "default"
    password: Secret = None
    password_file: Text = None  # reread for every connection

    @model_validator(mode="before")
    @classmethod
    def _credentials_out_of_the_url(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("url"), str):
            return data
        url, found = _split(data["url"])
        for name, value in found.items():
            given = data.get(name) or None
            given = given.get_secret_value() if isinstance(given, SecretStr) else given
            if given not in (None, value) or (name == "password" and data.get("password_file")):
                raise wrong(f"{name} is set twice: in the URL and separately")
        return {**data, **found, "url": url}

    @model_validator(mode="after")
    def _combination(self) -> Self:
        self._check_tls(self.url.startswith("rediss://"), "the URL does not begin with rediss:// (TLS)")
        self._check_once("password")
        if self.username and not self._given("password", "password_file"):
            raise wrong("password or password_file is missing: username needs one")
        return self


def _split(url: str) -> tuple[str, dict[str, str]]:
    """The URL without credentials, and the credentials it contained."""
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query).keys()
    except ValueError:
        raise wrong("the URL cannot be parsed") from None
    if SECRET_WORDS & asked:
        raise wrong("the URL has credentials after the question mark: use the settings username and password")
    user, at, _ = parts.netloc.rpartition("@")
    name, _, secret = user.partition(":")
    found = {"username": unquote(name), "password": unquote(secret)}
    return url.replace(user + at, "", 1) if at else url, {key: value for key, value in found.items() if value}


def wrong(text: str) -> PydanticCustomError:
    """An error of several settings together, or of a whole section: it is shown as it is."""
    return PydanticCustomError("combination", "{text}", {"text": text})
