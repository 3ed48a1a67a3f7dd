"""The mail itself: its headers, its parts, its size, and that nothing in it depends on chance."""

import email
import email.policy
import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest

from reports.mail import Mail, Sender, mail_of
from reports.numbers import Told
from reports.ready import READY
from reports.report import LANGUAGES, Language, Recipient, Section
from reports.unsubscribe import Subscription, subscription
from tests.unit.reports.samples import ANNA, SENDER, TENANT, gathered, mail, ready, with_targets

LARGEST = 100_000
PNG = b"\x89PNG\r\n\x1a\n"
TOLD = Told("2026-05-18", {"closed_won_value": "1.00", "leads": 1, "mrr": "5000.00", "late_rate": 0.5})
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td", "th", "p", "h1", "h2", "span",
            "b", "br", "img", "a"}  # fmt: skip
PROPERTIES = {
    "margin", "padding", "background-color", "font-family", "display", "max-height", "font-size", "line-height",
    "color", "max-width", "border", "border-radius", "text-align", "font-weight", "letter-spacing",
    "border-collapse", "width", "border-bottom", "height", "text-decoration",
}  # fmt: skip


def parsed(made: Mail) -> EmailMessage:
    found = email.message_from_bytes(made.bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(made: Mail, kind: str) -> str:
    body = parsed(made).get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Seen(HTMLParser):
    """What is in HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.text.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def plain(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


@pytest.fixture(scope="module", params=[(name, language) for name in READY for language in LANGUAGES], ids="-".join)
def made(request: pytest.FixtureRequest) -> Mail:
    """Each ready report in each language."""
    name, language = request.param
    return mail(ready(name, language), with_targets(), TOLD)


def test_a_mail_has_less_than_100_kb(made: Mail) -> None:
    """All of it as it is sent; Gmail shows 102 KB of HTML at most."""
    assert len(made.bytes()) < LARGEST


def test_a_report_of_many_charts_stays_small() -> None:
    """The first eight are drawn."""
    every = [kpi for name in ("sales_week", "marketing_week") for kpi in READY[name].kpis()]
    section = Section(kpis=tuple(every), charts=True)
    made = mail(ready("sales_week", "uk", sections=(section,)), with_targets(), TOLD)

    assert len(every) > 20
    assert len(Seen(text_of(made, "html")).attributes("src")) == 8
    assert len(made.bytes()) < LARGEST


def test_the_text_has_the_numbers_of_the_html(made: Mail) -> None:
    """Each line of the text stands in the HTML, too, but for its bullets."""
    html, text = plain("".join(Seen(text_of(made, "html")).text)), text_of(made, "plain")
    figures = re.findall(r"^\* .*: (.+?)(?:, .*)?$", text, re.M)

    assert len(figures) >= 8
    for figure in figures:
        assert plain(figure) in html
    for before in re.findall(r"^  [↑↓→✓✗] (.+)$", text, re.M):
        assert all(plain(one) in html for one in before.split(" · "))


def test_html_is_what_mail_programs_know(made: Mail) -> None:
    """Tables and inline styles; nothing is loaded from elsewhere, nothing runs."""
    seen = Seen(text_of(made, "html"))

    assert not seen.open
    assert {tag for tag, _ in seen.elements} <= ELEMENTS
    styles = ";".join(seen.attributes("style"))
    assert {one.partition(":")[0].strip() for one in styles.split(";") if one.strip()} <= PROPERTIES
    assert "url(" not in text_of(made, "html")
    assert all(src.startswith("cid:") for src in seen.attributes("src"))
    assert all(href.startswith(SENDER.page) for href in seen.attributes("href"))
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert "prefers-color-scheme: dark" in text_of(made, "html")


def test_every_image_is_there_once_with_words_for_it(made: Mail) -> None:
    """In the mail, by its content id."""
    seen = Seen(text_of(made, "html"))
    held = {
        str(part["Content-ID"]): part.get_content()
        for part in parsed(made).walk()
        if part.get_content_type() == "image/png"
    }

    assert {f"<{src.removeprefix('cid:')}>" for src in seen.attributes("src")} == held.keys()
    assert held
    assert all(content.startswith(PNG) for content in held.values())
    assert all(len(attributes["alt"]) > 20 for tag, attributes in seen.elements if tag == "img")
    assert len(seen.attributes("src")) == len(seen.attributes("alt"))


def test_the_language_is_declared(made: Mail) -> None:
    """For whoever reads it aloud."""
    seen = Seen(text_of(made, "html"))

    assert seen.elements[0][1]["lang"] in LANGUAGES


def test_colour_is_never_alone() -> None:
    """What is coloured good or bad has an arrow or a mark, and a word."""
    html = text_of(mail(ready("sales_week"), with_targets()), "html")

    for tone in ("good", "bad"):
        for inner in re.findall(rf'class="{tone}" style="[^"]*">([^<]+)<', html):
            assert re.match(r"[↑↓✓✗]&nbsp;.*(better|worse|met|missed|target)", inner, re.I), inner


def test_the_same_numbers_make_the_same_bytes() -> None:
    """So that a preview is what is sent, and a second try is the same mail."""
    first, second = (mail(ready("success_month", "uk", attach=("csv", "json"))) for _ in range(2))

    assert first.bytes() == second.bytes()


def test_headers_say_what_it_is() -> None:
    """From whom, to whom, about what; that it is automatic; how to end it with one click (RFC 8058)."""
    message = parsed(mail(ready("sales_week")))

    assert message["From"] == "Nordbolt KPIs <kpis@example.com>"
    assert message["To"] == "anna@example.com"
    assert message["Date"] == "Mon, 01 Jun 2026 04:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<https://kpis\.example\.com/unsubscribe/([\w.-]+)\?lang=en>", message["List-Unsubscribe"])
    assert link
    assert subscription(link[1], SENDER.secret) == Subscription(TENANT, "sales_week", "anna@example.com")


def test_the_id_is_that_of_the_delivery() -> None:
    """Another recipient or report has another one, other numbers or another language the same."""
    one = mail(ready("sales_week"))
    same = mail(ready("sales_week", "fi"), with_targets())
    others = [mail(ready("marketing_week")), mail(ready("sales_week"), to=Recipient(mail="ben@example.com"))]

    assert one.id == same.id == "report/nordbolt/sales_week/2026-05-25/anna@example.com"
    assert one.message["Message-ID"] == same.message["Message-ID"]
    assert len({one.message["Message-ID"], *(other.message["Message-ID"] for other in others)}) == 3


def test_a_recipient_may_read_another_language() -> None:
    """Than the report's."""
    assert mail(ready("ops_day"), to=Recipient(mail="a@b.example", language="sw")).subject.startswith("Matukio")


@pytest.mark.parametrize(("page", "secret"), [("", b"0123456789abcdef"), ("https://k.example", b"")])
async def test_without_an_address_or_a_secret_there_are_no_links_to_unsubscribe(page: str, secret: bytes) -> None:
    """Rather than one that does not work."""
    report = ready("ops_day")
    made = mail_of(report, await gathered(report), ANNA, Sender("k@example.com", "", page, secret))

    assert "List-Unsubscribe" not in made.message
    assert "Unsubscribe" not in text_of(made, "plain")
    assert ("Open the board" in text_of(made, "html")) == bool(page)


def test_numbers_may_come_along_as_files() -> None:
    """Unrounded, for a spreadsheet or a program."""
    message = parsed(mail(ready("success_month", attach=("csv", "json")), with_targets()))
    files: dict[str, Any] = {str(one.get_filename()): one.get_content() for one in message.iter_attachments()}

    assert set(files) == {"success_month-2026-05.csv", "success_month-2026-05.json"}
    lines = files["success_month-2026-05.csv"].splitlines()
    assert lines[0].startswith("kpi,title,window,dimension,segment,value,")
    assert any(line.startswith("mrr,Monthly recurring revenue (MRR),last_month,,,") for line in lines)
    assert any(",country,DE," in line for line in lines)
    assert b'"period":"2026-05"' in files["success_month-2026-05.json"]


def test_a_language_of_other_letters_survives_the_transport() -> None:
    """The subject as well."""
    language: Language = "uk"
    made = mail(ready("sales_week", language))

    assert parsed(made)["Subject"] == made.subject
    assert "Частка виграних угод" in made.subject
    assert made.bytes().isascii()
    assert max(map(len, made.bytes().splitlines())) <= 998
