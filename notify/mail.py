"""E-mail over SMTP: TLS always, unless the server is on this machine and the settings say so."""

import asyncio
import smtplib
from datetime import UTC, datetime
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from access.files import secret, tls_context
from models.notifying import SmtpSettings
from notify.message import Delivery
from notify.sending import NotSent

PORTS: Final = {"smtp": 587, "smtps": 465}
REFUSED: Final = range(550, 560)  # codes for a mailbox or message refused for good


def mail(one: Delivery, sender: str) -> EmailMessage:
    """The message to send. Its Message-ID is the delivery's, or that of a whole e-mail, on every attempt."""
    if one.message.eml:
        whole: EmailMessage = message_from_string(one.message.eml, policy=default)
        return whole
    made = EmailMessage()
    made["From"], made["To"] = sender, one.address
    made["Subject"] = " ".join(one.message.title.split())  # no header injection
    made["Date"] = format_datetime(datetime.fromtimestamp(one.message.at / 1000, UTC))
    made["Message-ID"] = f"<{one.id}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    for name, value in one.message.headers.items():
        made[name] = value
    made.set_content(one.message.text)
    if one.message.html:
        made.add_alternative(one.message.html, subtype="html")
    return made


class Mailer:
    """Sends one message per connection, in a thread: smtplib blocks."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    async def send(self, one: Delivery) -> None:
        """Returns once the server has it. Raises NotSent, SettingsError."""
        if not self._settings.url:
            raise NotSent("smtp.url is not set")
        await asyncio.to_thread(post, mail(one, self._settings.sender), one.address, self._settings)


def post(message: EmailMessage, recipient: str, settings: SmtpSettings) -> None:
    """Send a message to one recipient; blocks. Raises NotSent, SettingsError."""
    try:
        with _connected(settings) as server:
            server.send_message(message, settings.sender, [recipient])
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _not_sent(code, text, of_message=True) from error
    except smtplib.SMTPResponseException as error:
        known = isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused)
        raise _not_sent(error.smtp_code, error.smtp_error, of_message=known) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error


def server_of(settings: SmtpSettings) -> tuple[str, int]:
    """Host and port of the server."""
    parts = urlsplit(settings.url)
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def _connected(settings: SmtpSettings) -> smtplib.SMTP:
    host, port = server_of(settings)
    implicit = settings.url.startswith("smtps:")
    if implicit:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, timeout=settings.timeout_s, context=tls_context(settings, "smtp")
        )
    else:
        server = smtplib.SMTP(host, port, timeout=settings.timeout_s)
    try:
        if not implicit and not settings.plain:
            server.starttls(context=tls_context(settings, "smtp"))
        if settings.username:
            server.login(settings.username, secret(settings.password, settings.password_file, "smtp.password_file"))
    except BaseException:
        server.close()
        raise
    return server


def _not_sent(code: int, text: bytes | str, *, of_message: bool) -> NotSent:
    """``of_message``: a refusal of the message itself, not of the connection or the credentials, which may be fixed."""
    reply = text.decode(errors="replace") if isinstance(text, bytes) else text
    return NotSent(f"the mail server said {code} {reply}", for_good=of_message and code in REFUSED)
