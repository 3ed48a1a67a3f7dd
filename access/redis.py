"""The options of every Redis client, besides the URL."""

import asyncio
from typing import Any

from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as Disconnected

from access.files import key_password, read_secret, tls_context
from models.settings import RedisSettings, SettingsError


class PasswordFile(CredentialProvider):
    """A password in a file: reread for each connection, so that it can be rotated at runtime."""

    def __init__(self, username: str | None, path: str) -> None:
        self._username, self._path = username, path

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """(user, password), or just the password for the default user. Raises redis's ConnectionError."""
        try:
            password = read_secret(self._path, "redis.password_file")
        except SettingsError as error:
            raise Disconnected(str(error)) from error
        return (self._username, password) if self._username else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """As `get_credentials`, without blocking the loop."""
        return await asyncio.to_thread(self.get_credentials)


def settings_of(redis: RedisSettings | str) -> RedisSettings:
    """The settings for a bare URL."""
    return RedisSettings(url=redis) if isinstance(redis, str) else redis


def client_options(redis: RedisSettings) -> dict[str, Any]:
    """Arguments for `Redis.from_url(redis.url, ...)`. Raises SettingsError that names an unusable file."""
    options: dict[str, Any] = {}
    if redis.password_file is not None:
        read_secret(redis.password_file, "redis.password_file")  # report a wrong path now rather than on each command
        options["credential_provider"] = PasswordFile(redis.username, redis.password_file)
    elif redis.password is not None:
        options |= {"username": redis.username, "password": redis.password.get_secret_value()}
    return options | (_tls(redis) if redis.url.startswith("rediss://") else {})


def _tls(redis: RedisSettings) -> dict[str, Any]:
    tls_context(redis, "redis")  # redis-py would fail only on the first command, without naming the file
    options: dict[str, Any] = {"ssl_check_hostname": redis.check_hostname, "ssl_ca_certs": redis.ca_file}
    if redis.certificate_file is not None:
        options |= {"ssl_certfile": redis.certificate_file, "ssl_keyfile": redis.key_file}
        options["ssl_password"] = key_password(redis, "redis")
    return options
