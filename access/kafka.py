"""The options of every Kafka client."""

import asyncio
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

from access.files import read_secret, secret, tls_context
from models.settings import KafkaSettings, SettingsError


class Concealed(str):
    """A secret that a client library takes as text; its repr shows stars."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'**********'"


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]
    """An OAuth token that another program keeps fresh in a file: reread for each connection."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def token(self) -> str:
        """The token. Raises KafkaConnectionError, which clients retry, if the file can't be read right now."""
        try:
            return await asyncio.to_thread(read_secret, self._path, "kafka.token_file")
        except SettingsError as error:
            raise KafkaConnectionError(str(error)) from error


def settings_of(kafka: KafkaSettings | str) -> KafkaSettings:
    """The settings for a bare address: plain text, no credentials."""
    return KafkaSettings(bootstrap_servers=kafka) if isinstance(kafka, str) else kafka


def client_options(kafka: KafkaSettings | str) -> dict[str, Any]:
    """Arguments for any aiokafka client. Raises SettingsError that names the setting of an unusable file."""
    place = settings_of(kafka)
    return {"bootstrap_servers": place.bootstrap_servers, **security(place)}


def security(kafka: KafkaSettings) -> dict[str, Any]:
    """The part of `client_options` without the address. Raises SettingsError."""
    options: dict[str, Any] = {"security_protocol": kafka.security_protocol}
    if kafka.security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = tls_context(kafka, "kafka")
    return options | _sasl(kafka)


def _sasl(kafka: KafkaSettings) -> dict[str, Any]:
    if kafka.sasl_mechanism is None:
        return {}
    if kafka.token_file is not None:
        read_secret(kafka.token_file, "kafka.token_file")  # report a wrong path now rather than on each connection
        return {"sasl_mechanism": kafka.sasl_mechanism, "sasl_oauth_token_provider": TokenFile(kafka.token_file)}
    return {
        "sasl_mechanism": kafka.sasl_mechanism,
        "sasl_plain_username": kafka.username,
        "sasl_plain_password": Concealed(secret(kafka.password, kafka.password_file, "kafka.password_file")),
    }
