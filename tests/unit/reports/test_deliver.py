"""Mails that leave: over a real SMTP server with TLS and a password, or into a folder."""

import asyncio
import email
import re
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from models.mailing import MailSettings
from models.notifying import SmtpSettings
from models.settings import load_settings
from models.settings_error import SettingsError
from reports.deliver import Undelivered, deliver, sender_of
from tests.unit.reports.samples import mail, ready

MAIL = mail(ready("ops_day"))


class Box:
    """Takes mails; refuses some recipients."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.refuse: str = ""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(envelope)
        return "250 OK"


class OnAnyPort(Controller):
    """On a free port."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Server:
    """A server on this machine, and the settings that reach it."""

    def __init__(self, folder: Path, tls: str, password: str = "") -> None:
        authority, self.box, self.tls = trustme.CA(), Box(), tls
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        options: dict[str, Any] = {"ssl_context": context} if tls == "implicit" else {}
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if password:
            options |= {"authenticator": _knows(password), "auth_required": True, "auth_require_tls": tls == "starttls"}
        self.controller = OnAnyPort(self.box, hostname="127.0.0.1", port=0, ready_timeout=20, **options)

    def __enter__(self) -> "Server":
        self.controller.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.controller.stop()

    def settings(self, **more: Any) -> SmtpSettings:
        """Settings that reach it."""
        scheme = "smtps" if self.tls == "implicit" else "smtp"
        given = {"sender": "kpis@example.com", "url": f"{scheme}://127.0.0.1:{self.controller.port}"}
        secured = {"plain": True} if self.tls == "none" else {"ca_file": str(self.ca)}
        return SmtpSettings(**{**given, **secured, **more})


def _knows(password: str) -> Any:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data.password.decode() == password, handled=False)

    return check


@pytest.mark.parametrize("tls", ["starttls", "implicit", "none"])
def test_a_mail_arrives_as_it_was_previewed(tmp_path: Path, tls: str) -> None:
    """Byte for byte, at its recipient."""
    with Server(tmp_path, tls) as server:
        where = deliver(MAIL, MailSettings(), server.settings())
        (arrived,) = server.box.mails

    assert where == f"127.0.0.1:{server.controller.port}"
    assert arrived.mail_from == "kpis@example.com"
    assert arrived.rcpt_tos == ["anna@example.com"]
    assert arrived.content == MAIL.bytes()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it knows no implicit TLS
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_password_from_a_file_opens_the_server(tmp_path: Path, tls: str) -> None:
    """Read for each connection, so that it can be changed."""
    held = tmp_path / "password"
    held.write_text("s3cret\n")
    with Server(tmp_path, tls, "s3cret") as server:
        place = server.settings(username="kpis", password_file=str(held))
        deliver(MAIL, MailSettings(), place)
        held.write_text("old")
        with pytest.raises(Undelivered, match="the mail server said 535") as wrong:
            deliver(MAIL, MailSettings(), place)

    assert len(server.box.mails) == 1
    assert not wrong.value.lasting  # the password may be corrected


@pytest.mark.parametrize(("answer", "lasting"), [("550 no such user", True), ("451 try again later", False)])
def test_a_refusal_says_whether_to_try_again(tmp_path: Path, answer: str, lasting: bool) -> None:
    """By the server's answer."""
    with Server(tmp_path, "none") as server:
        server.box.refuse = answer
        with pytest.raises(Undelivered, match=f"anna@example.com: the mail server said {answer}") as wrong:
            deliver(MAIL, MailSettings(), server.settings())

    assert wrong.value.lasting is lasting


def test_a_server_that_is_away_is_tried_again_later(tmp_path: Path) -> None:
    """As it may only be restarting."""
    with Server(tmp_path, "none") as server:
        place = server.settings()

    with pytest.raises(Undelivered, match="ConnectionRefusedError") as wrong:
        deliver(MAIL, MailSettings(), place)

    assert not wrong.value.lasting


def test_without_a_server_a_mail_is_a_file(tmp_path: Path) -> None:
    """One a delivery, however often it is sent."""
    place = MailSettings(outbox=str(tmp_path / "box"))
    paths = {deliver(MAIL, place, SmtpSettings()) for _ in range(2)}
    (file,) = (tmp_path / "box").iterdir()

    assert paths == {str(file)}
    assert file.name == "nordbolt-ops_day-2026-05-31-anna@example.com.eml"
    assert file.read_bytes() == MAIL.bytes()
    assert email.message_from_bytes(file.read_bytes())["Message-ID"] == MAIL.message["Message-ID"]


def test_an_outbox_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the setting."""
    (tmp_path / "box").write_text("")

    with pytest.raises(Undelivered, match=r"mail\.outbox: .*box"):
        deliver(MAIL, MailSettings(outbox=str(tmp_path / "box")), SmtpSettings())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"unsubscribe_secret": "short"}, "mail: unsubscribe_secret: must have at least 16 characters"),
        ({"page": "javascript:alert(1)"}, "mail.page: "),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], said: str) -> None:
    """Never its value."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings({"mail": given})


def test_the_secret_of_links_may_lie_in_a_file(tmp_path: Path) -> None:
    """A short one is refused."""
    held = tmp_path / "secret"
    held.write_text("0123456789abcdef\n")
    place = MailSettings(page="https://k.example/", unsubscribe_secret_file=str(held))

    sender = sender_of(place, SmtpSettings())
    assert (sender.secret, sender.page) == (b"0123456789abcdef", "https://k.example")
    held.write_text("short")
    with pytest.raises(SettingsError, match=r"mail\.unsubscribe_secret_file: must hold at least 16 characters"):
        sender_of(place, SmtpSettings())


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As all others."""
    monkeypatch.setenv("CRMKPI_MAIL__PAGE", "https://kpis.example.com")

    assert load_settings().mail.page == "https://kpis.example.com"
