"""A report as an `EmailMessage`. Pure: the same numbers and recipient give the same bytes, so a preview is the mail."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import blake2b
from typing import Final
from urllib.parse import urlencode

from reports.attach import as_csv, as_json
from reports.chart import Chart
from reports.content import Content, content_of, subject_of
from reports.numbers import Gathered
from reports.report import Language, Recipient, Report
from reports.safe import shown
from reports.templating import rendered
from reports.unsubscribe import PATH, Subscription, token
from reports.words import Words, words

SUBJECT: Final = 200  # characters
FILES: Final = {"csv": (as_csv, "text", "csv"), "json": (as_json, "application", "json")}


@dataclass(frozen=True)
class Sender:
    """Whom mails are from. ``page``: the dashboard's address as recipients reach it, empty: no links to it.

    ``secret``: of the links that unsubscribe; without it, or a page, there are none.
    """

    mail: str
    name: str = ""
    page: str = ""
    secret: bytes = b""

    @property
    def domain(self) -> str:
        """Of its address."""
        return self.mail.rpartition("@")[2]


@dataclass(frozen=True)
class Mail:
    """A mail, ready to be sent. ``id``: of the delivery, the same for a report, period and recipient for ever."""

    id: str
    recipient: str
    message: EmailMessage
    html: str

    @property
    def subject(self) -> str:
        """Its headline."""
        return str(self.message["Subject"])

    def standing_alone(self) -> str:
        """The HTML with its images in it, for a browser."""
        found = self.html
        for part in self.message.walk():
            if cid := part["Content-ID"]:
                data = b64encode(part.get_content()).decode()
                found = found.replace(f"cid:{cid.strip('<>')}", f"data:image/png;base64,{data}")
        return found

    def bytes(self) -> bytes:
        """What goes over the wire."""
        return self.message.as_bytes()


def mail_of(report: Report, found: Gathered, recipient: Recipient, sender: Sender) -> Mail:
    """The mail for one recipient."""
    language = recipient.language or report.language
    content, said = content_of(report, found, language), words(language)
    name = delivery_id(report, found.period.name, recipient.mail)
    digest = blake2b(name.encode(), digest_size=15).hexdigest()
    subject = shown(subject_of(content, said), SUBJECT)
    links = _links(report, recipient, sender, language)
    charts = _charts(content, digest, sender.domain)
    html = _rendered("mail.html.j2", content, said, subject, links, charts)
    message = _headed(subject, recipient, sender, links)
    message["Date"] = format_datetime(found.as_of.astimezone(UTC))
    message["Message-ID"] = f"<{digest}@{sender.domain}>"
    message.set_content(_rendered("mail.txt.j2", content, said, subject, links, {}), cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    _add_charts(message, charts)
    for kind in report.attach:
        made, main, sub = FILES[kind]
        message.add_attachment(made(found), main, sub, filename=f"{report.name}-{found.period.name}.{kind}")
    _bound(message, digest)
    return Mail(name, recipient.mail, message, html)


def delivery_id(report: Report, period: str, mail: str) -> str:
    """What a ledger knows a delivery by."""
    return f"report/{report.tenant}/{report.name}/{period}/{mail.lower()}"


def _links(report: Report, recipient: Recipient, sender: Sender, language: Language) -> dict[str, str]:
    if not sender.page:
        return {"board": "", "unsubscribe": ""}
    named = {"board": report.board} if report.board else {}
    asked = urlencode({"tenant": report.tenant, **named, "window": report.window, "lang": language})
    subscription = Subscription(report.tenant, report.name, recipient.mail)
    ends = f"{sender.page}{PATH}/{token(subscription, sender.secret)}?lang={language}" if sender.secret else ""
    return {"board": f"{sender.page}/?{asked}", "unsubscribe": ends}


def _headed(subject: str, recipient: Recipient, sender: Sender, links: Mapping[str, str]) -> EmailMessage:
    message = EmailMessage(SMTP)
    message["From"] = Address(shown(sender.name), addr_spec=sender.mail)
    message["To"] = Address(addr_spec=recipient.mail)
    message["Subject"] = subject
    message["Auto-Submitted"] = "auto-generated"
    if links["unsubscribe"]:
        message["List-Unsubscribe"] = f"<{links['unsubscribe']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _charts(content: Content, digest: str, domain: str) -> dict[Chart, str]:
    """Chart -> content id; equal ones are one image."""
    figures = [content.first, *(figure for part in content.parts for figure in part.figures)]
    drawn = dict.fromkeys(figure.chart for figure in figures if figure.chart)
    return {chart: f"{digest}.{place}@{domain}" for place, chart in enumerate(drawn)}


def _add_charts(message: EmailMessage, charts: Mapping[Chart, str]) -> None:
    body = message.get_body(("html",))
    assert isinstance(body, EmailMessage)
    for place, (chart, cid) in enumerate(charts.items()):
        body.add_related(
            chart.png(), "image", "png", cid=f"<{cid}>", filename=f"chart-{place + 1}.png", disposition="inline"
        )


def _bound(message: EmailMessage, digest: str) -> None:
    """Boundaries that do not depend on chance."""
    for place, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{digest}_{place}")


def _rendered(
    name: str, content: Content, said: Words, subject: str, links: Mapping[str, str], charts: Mapping[Chart, str]
) -> str:
    preheader = _preheader(content)
    return rendered(name, content=content, words=said, subject=subject, preheader=preheader, cids=charts, **links)


def _preheader(content: Content) -> str:
    """What mail programs show after the subject: the next numbers."""
    return " · ".join(f"{one.title} {one.value}" for part in content.parts[:1] for one in part.figures[:3])
