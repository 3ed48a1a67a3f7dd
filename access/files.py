"""Secrets and certificates in files. Errors name the setting, never the content."""

import ssl
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from models.connections import Connection
from models.settings import SettingsError

MISMATCH: Final = "no PEM certificate with the key that belongs to it, or key_password does not open the key"


def secret(given: SecretStr | None, file: str | None, setting: str) -> str:
    """A secret given directly or in a file; empty if neither. Raises SettingsError."""
    if given is not None:
        return given.get_secret_value()
    return "" if file is None else read_secret(file, setting)


def read_secret(path: str, setting: str) -> str:
    """A secret from a file, without the trailing line break. Raises SettingsError that names the setting."""
    if text := _text(path, setting).strip("\r\n"):
        return text
    raise SettingsError(f"{setting}: {path} is empty")


def key_password(place: Connection, section: str) -> str:
    """The client key's password; empty if none, never None: OpenSSL would prompt. Raises SettingsError."""
    return secret(place.key_password, place.key_password_file, f"{section}.key_password_file")


def tls_context(place: Connection, section: str) -> ssl.SSLContext:
    """A context that verifies the server's certificate, and its host name unless switched off. Raises SettingsError.

    section: ``kafka``, ``redis`` or ``smtp``, for the names of settings.
    """
    for name in ("ca_file", "certificate_file", "key_file"):
        if path := getattr(place, name):
            _text(path, f"{section}.{name}")
    try:
        context = ssl.create_default_context(cafile=place.ca_file)
    except ssl.SSLError as error:
        text = f"{section}.ca_file: {place.ca_file} holds no PEM certificate ({error.reason})"
        raise SettingsError(text) from error
    context.check_hostname = place.check_hostname
    if place.certificate_file is not None:
        try:
            context.load_cert_chain(place.certificate_file, place.key_file, key_password(place, section))
        except ssl.SSLError as error:
            text = f"{section}.certificate_file, {section}.key_file: {MISMATCH} ({error.reason})"
            raise SettingsError(text) from error
    return context


def _text(path: str, setting: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{setting}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{setting}: {path} is not text") from None
