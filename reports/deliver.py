"""The one way mails leave: as files of an outbox folder, or over SMTP with verified TLS."""

import os
import re
import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from access.files import read_secret, secret
from models.mailing import LEAST_SECRET, MailSettings
from models.settings_error import SettingsError
from reports.mail import Mail, Sender

UNSAFE: Final = re.compile(r"[^A-Za-z0-9.@_-]+")


class Undelivered(ConnectionError):
    """A mail was not taken. ``lasting``: the server refused it for good; else it may take it later.

    Where the connection broke after the data it may have arrived all the same. Its Message-ID is the same the next
    time, by which mailboxes tell.
    """

    def __init__(self, text: str, *, lasting: bool) -> None:
        super().__init__(text)
        self.lasting = lasting


def sender_of(place: MailSettings) -> Sender:
    """Whom mails are from. Raises SettingsError that names the file that cannot be used."""
    held = secret(place.unsubscribe_secret, place.unsubscribe_secret_file, "mail.unsubscribe_secret_file")
    if held and len(held) < LEAST_SECRET:
        raise SettingsError(f"mail.unsubscribe_secret_file: must hold at least {LEAST_SECRET} characters")
    return Sender(place.sender, place.sender_name, place.page.rstrip("/"), held.encode())


def deliver(mail: Mail, place: MailSettings) -> str:
    """Deliver one mail; where it went, in words. Raises `Undelivered`, SettingsError."""
    if place.host is None:
        return str(put(mail, Path(place.outbox)))
    with _server(place, place.host) as server:
        _send(server, mail, place)
    return f"{place.host}:{place.usual_port}"


def put(mail: Mail, folder: Path) -> Path:
    """A file of the outbox, whole or not at all, in place of the one of the same delivery. Raises `Undelivered`."""
    path = folder / f"{UNSAFE.sub('-', mail.id.removeprefix('report/'))}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
            file.write(mail.bytes())
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise Undelivered(f"mail.outbox: {folder}: {error.strerror}", lasting=False) from error
    return path


@contextmanager
def _server(place: MailSettings, host: str) -> Iterator[smtplib.SMTP]:
    context, where = _context(place), f"mail.host: {host}:{place.usual_port}"
    try:
        if place.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, place.usual_port, timeout=place.timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, place.usual_port, timeout=place.timeout_s)
        with server:
            if place.tls == "starttls":
                server.starttls(context=context)
            if place.username is not None:
                server.login(place.username, secret(place.password, place.password_file, "mail.password_file"))
            yield server
    except smtplib.SMTPNotSupportedError as error:
        raise Undelivered(f"{where}: {error} (setting mail.tls)", lasting=True) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered(f"{where} does not accept mail.username and its password", lasting=True) from error
    except ssl.SSLError as error:
        raise Undelivered(f"{where}: TLS failed: {error.reason or error}", lasting=True) from error
    except (smtplib.SMTPException, OSError) as error:
        if isinstance(error, Undelivered):
            raise
        raise Undelivered(f"{where}: {error}", lasting=False) from error


def _send(server: smtplib.SMTP, mail: Mail, place: MailSettings) -> None:
    try:
        server.send_message(mail.message, from_addr=place.sender, to_addrs=[mail.recipient])
    except smtplib.SMTPRecipientsRefused as error:
        ((code, text),) = error.recipients.values()
        raise _refused(mail, code, text) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(mail, error.smtp_code, error.smtp_error) from error


def _refused(mail: Mail, code: int, text: bytes | str) -> Undelivered:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return Undelivered(f"{mail.id}: the server answered {code} {said[:200]}", lasting=500 <= code < 600)


def _context(place: MailSettings) -> ssl.SSLContext:
    if place.ca_file is not None:
        read_secret(place.ca_file, "mail.ca_file")
    try:
        context = ssl.create_default_context(cafile=place.ca_file)
    except ssl.SSLError as error:
        raise SettingsError(f"mail.ca_file: {place.ca_file} holds no PEM certificate ({error.reason})") from error
    context.check_hostname = place.check_hostname
    return context
