"""E-mail to a real server on this machine: over TLS, with credentials, refused for a while and for good."""

import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Final

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from models.settings import Settings, load_settings
from notify.channels import Channels, deliveries
from notify.mail import mail
from notify.sending import NotSent
from ops.local.net import free_port
from tests.unit.notify.deliveries import MESSAGE, delivery

SENDER: Final = "reports@acme.example"
PASSWORD: Final = "correct horse"


class Kept:
    """A handler that keeps what it is sent. ``answer``: to the next recipient, or to the data."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.rcpt, self.data = "250 OK", "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data.startswith("250"):
            self.got.append(
                (envelope.mail_from, envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default))
            )
        return self.data


class Mail:
    """A server; ``settings`` that reach it."""

    def __init__(self, folder: Path, *, over: str, trusted: bool = True, login: bool = False) -> None:
        self.kept = Kept()
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        more: dict[str, Any] = {"smtps": {"ssl_context": context}, "starttls": {"tls_context": context}}.get(over, {})
        if login:
            more |= {
                "authenticator": _known,
                "auth_required": True,
                "auth_require_tls": False,
            }  # it does not see that all of it is TLS
        if over == "starttls":
            more["require_starttls"] = True
        self.server = Controller(self.kept, hostname="localhost", port=(port := free_port()), **more)
        self.server.start()
        smtp = {"url": f"{'smtps' if over == 'smtps' else 'smtp'}://localhost:{port}", "sender": SENDER, "timeout_s": 5}
        if over == "plain":
            smtp["plain"] = True
        elif trusted:
            smtp["ca_file"] = str(folder / "ca.pem")
        self.smtp: dict[str, Any] = smtp

    def settings(self, **more: Any) -> Settings:
        """With one channel."""
        channel = {"name": "ops", "tenant": "acme", "kind": "email", "addresses": ["anna@acme.example", "b@x.example"]}
        return load_settings({}, {"smtp": {**self.smtp, **more}, "notify": {"channels": [channel]}})


def _known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (b"mailer", PASSWORD.encode())
    return AuthResult(success=good, handled=good)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Any]:
    """Makes servers, and ends them."""
    servers: list[Mail] = []

    def make(**more: Any) -> Mail:
        servers.append(Mail(tmp_path, **more))
        return servers[-1]

    yield make
    for one in servers:
        one.server.stop()


async def send(settings: Settings, **more: Any) -> None:
    """One delivery, to Anna unless it is said."""
    async with Channels(settings, lambda: 0) as channels:
        await channels.send(delivery(**{"address": "anna@acme.example", **more}))


@pytest.mark.parametrize("over", ["smtps", "starttls", "plain"])
async def test_a_message_arrives(made: Any, over: str) -> None:
    server = made(over=over)
    message = MESSAGE._replace(html="<p>Gewinnquote 27,4 %</p>", title="Umsatz: 5\u202f€\nBcc: eve@x.example")
    await send(server.settings(), message=message)
    await send(server.settings(), message=message)
    (sender, receivers, told), (_, _, again) = server.kept.got
    assert (sender, receivers) == (SENDER, ["anna@acme.example"])
    assert told["subject"] == "Umsatz: 5 € Bcc: eve@x.example"
    assert told["bcc"] is None
    assert told["message-id"] == again["message-id"] == "<msg_1@acme.example>"
    assert told["auto-submitted"] == "auto-generated"
    assert told.get_body(("plain",)).get_content().splitlines() == [MESSAGE.text]
    assert "Gewinnquote 27,4 %" in told.get_body(("html",)).get_content()


async def test_a_server_that_nobody_vouches_for_gets_nothing(made: Any) -> None:
    for over in ("smtps", "starttls"):
        server = made(over=over, trusted=False)
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            await send(server.settings())
        assert server.kept.got == []


async def test_a_server_without_tls_gets_nothing(made: Any) -> None:
    server = made(over="plain")
    with pytest.raises(NotSent, match="STARTTLS"):
        await send(server.settings(plain=False))
    assert server.kept.got == []


async def test_credentials_from_a_file(made: Any, tmp_path: Path) -> None:
    server = made(over="smtps", login=True)
    (tmp_path / "word").write_text(PASSWORD + "\n")
    await send(server.settings(username="mailer", password_file=str(tmp_path / "word")))
    assert len(server.kept.got) == 1
    with pytest.raises(NotSent, match="535") as error:
        await send(server.settings(username="mailer", password="wrong"))
    assert not error.value.for_good  # somebody will mend it
    assert "wrong" not in str(error.value)


@pytest.mark.parametrize(("answer", "for_good"), [("451 try later", False), ("550 no such mailbox", True)])
async def test_refusals_for_a_while_and_for_good(made: Any, answer: str, for_good: bool) -> None:
    server = made(over="plain")
    for place in ("rcpt", "data"):
        server.kept.rcpt = server.kept.data = "250 OK"
        setattr(server.kept, place, answer)
        with pytest.raises(NotSent, match=answer[4:]) as error:
            await send(server.settings())
        assert error.value.for_good == for_good


async def test_nobody_there_is_tried_again(made: Any) -> None:
    settings = made(over="plain").settings(url=f"smtp://localhost:{free_port()}")
    with pytest.raises(NotSent, match="ConnectionRefused") as error:
        await send(settings)
    assert not error.value.for_good


async def test_without_a_server_it_is_said() -> None:
    channel = {"name": "ops", "tenant": "acme", "kind": "email", "addresses": ["a@b.example"]}
    with pytest.raises(NotSent, match=r"smtp\.url is not set"):
        await send(load_settings({}, {"notify": {"channels": [channel]}}))


async def test_an_outbox_takes_everything_and_nothing_is_sent(made: Any, tmp_path: Path) -> None:
    server = made(over="plain")
    folder = tmp_path / "outbox"
    settings = server.settings()
    quiet = settings.model_copy(update={"notify": settings.notify.model_copy(update={"outbox": str(folder)})})
    await send(quiet)
    await send(quiet)
    assert server.kept.got == []
    (file,) = folder.rglob("*.*")
    assert file == folder / "acme" / "ops" / "msg_1.eml"
    assert message_from_bytes(file.read_bytes(), policy=default)["to"] == "anna@acme.example"


def test_each_address_has_a_delivery_of_its_own(made: Any) -> None:
    channels = made(over="plain").settings().notify.channels
    found = list(deliveries(channels, ["ops", "ops", "gone"], "acme", "r", MESSAGE, 5, 1))
    assert [one.address for one in found] == ["anna@acme.example", "b@x.example"]
    assert len({one.id for one in found}) == 2
    assert list(deliveries(channels, ["ops"], "beta", "r", MESSAGE, 5, 1)) == []


def test_more_headers_are_an_e_mails_own() -> None:
    told = mail(delivery(message=MESSAGE._replace(headers={"List-Unsubscribe": "<https://x.example/u>"})), SENDER)
    assert told["list-unsubscribe"] == "<https://x.example/u>"


async def test_a_whole_e_mail_is_sent_as_it_is(made: Any) -> None:
    server = made(over="plain")
    whole = EmailMessage()
    whole["From"], whole["To"], whole["Subject"] = SENDER, "anna@acme.example", "Weekly: ä €"
    whole["Message-ID"] = "<report-1@acme.example>"
    whole.set_content("Zahlen der Woche: 5\u202f€")
    whole.add_alternative("<p>Zahlen</p>", subtype="html")
    whole.add_attachment(b"\x89PNG", "image", "png", cid="<chart>")
    text = whole.as_bytes(policy=default.clone(cte_type="7bit")).decode("ascii")
    await send(server.settings(), message=MESSAGE._replace(eml=text))
    _, receivers, told = server.kept.got[0]
    assert receivers == ["anna@acme.example"]
    assert (told["message-id"], told["subject"]) == ("<report-1@acme.example>", "Weekly: ä €")
    assert [part.get_content_type() for part in told.walk()] == [part.get_content_type() for part in whole.walk()]
    assert next(part for part in told.walk() if part.get_content_type() == "image/png").get_content() == b"\x89PNG"
