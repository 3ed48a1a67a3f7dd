"""Delivers mails: over SMTP, or as files in an outbox folder."""

import re
from pathlib import Path
from typing import Final

from access.files import secret
from models.mailing import LEAST_SECRET, MailSettings
from models.notifying import SmtpSettings
from models.settings_error import SettingsError
from notify import outbox
from notify.mail import post, server_of
from notify.sending import NotSent
from reports.mail import Mail, Sender

UNSAFE: Final = re.compile(r"[^A-Za-z0-9.@_-]+")


class Undelivered(ConnectionError):
    """A mail was not delivered. ``lasting``: the server refused it for good; otherwise a retry may succeed.

    If the connection broke after the data, it may have arrived nevertheless. A retry has the same Message-ID.
    """

    def __init__(self, text: str, *, lasting: bool) -> None:
        super().__init__(text)
        self.lasting = lasting


def sender_of(place: MailSettings, smtp: SmtpSettings) -> Sender:
    """The sender of mails. Raises SettingsError for an unusable secret file."""
    return Sender(smtp.sender or outbox.SENDER, place.sender_name, place.page.rstrip("/"), link_secret(place))


def link_secret(place: MailSettings) -> bytes:
    """The key of unsubscribe links; empty if there is none. Raises SettingsError for an unusable file."""
    held = secret(place.unsubscribe_secret, place.unsubscribe_secret_file, "mail.unsubscribe_secret_file")
    if held and len(held) < LEAST_SECRET:
        raise SettingsError(f"mail.unsubscribe_secret_file: must hold at least {LEAST_SECRET} characters")
    return held.encode()


def deliver(mail: Mail, place: MailSettings, smtp: SmtpSettings) -> str:
    """Deliver one mail. Returns where it went, in words. Raises `Undelivered`, SettingsError."""
    if not smtp.url:
        return str(put(mail, Path(place.outbox)))
    try:
        post(mail.message, mail.recipient, smtp)
    except NotSent as error:
        raise Undelivered(f"{mail.id}: {error}", lasting=error.for_good) from error
    return ":".join(map(str, server_of(smtp)))


def put(mail: Mail, folder: Path) -> Path:
    """Write a mail to the outbox, atomically, replacing one of the same delivery. Raises `Undelivered`."""
    path = folder / f"{UNSAFE.sub('-', mail.id.removeprefix('report/'))}.eml"
    try:
        outbox.put(path, mail.bytes())
    except OSError as error:
        raise Undelivered(f"mail.outbox: {folder}: {error.strerror}", lasting=False) from error
    return path
