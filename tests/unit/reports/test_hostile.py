"""Names from outside: nothing in one ends a header, becomes HTML, or turns the text around it."""

import email
import email.policy
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.attach import as_csv
from reports.mail import Sender, mail_of
from reports.numbers import Gathered, Told, key
from reports.report import LANGUAGES, Breakdown, Recipient, Report
from reports.safe import shown
from reports.schedule import complete
from reports.unsubscribe import Subscription, subscription, token
from tests.unit.reports.test_mail import ELEMENTS, Seen

ZONE = ZoneInfo("Europe/Helsinki")
ANNA = Recipient(mail="anna@example.com")
AS_OF = datetime(2026, 6, 1, 4, tzinfo=UTC)
NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\r\nBcc: victim@example.com", "{{ 7 * 7 }}",
    "</td></tr></table>", "cid:x", "&lt;b&gt;", "=cmd|' /C calc'!A0", "\u202egnp.exe", "\u2066\u2067", "שלום",
    "\x00\x1b[31m", "\ud800", "\u2028", "x" * 5000,
    "{title}", "{count}", "%s", "'", "--=_boundary", "\n.\n", "ﷺ", "🏴\u200d☠️", "", " ",
]  # fmt: skip
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=200), st.text(st.characters(categories=["Cs", "Cc", "Cf"])))
amounts = st.one_of(st.none(), st.decimals(-(10**12), 10**12, places=2).map(str))
shares = st.one_of(st.none(), st.floats(-10, 1000), st.sampled_from([0.0, 1.0, 1e-9]))


def report(title: str) -> Report:
    title = title.encode(errors="replace").decode()  # a settings file with anything else is refused
    return Report.model_validate({
        "name": "mine", "title": title[:120] or "x", "tenant": "acme", "schedule": {"every": "week"}, "attach": ["csv"],
        "headline": "win_rate", "sections": [{"title": title[:120] or "x", "kpis": ["win_rate"], "charts": True},
                                             {"kpis": ["closed_won_value"], "segment": {title or "x": title}}],
        "breakdowns": [{"kpi": "closed_won_value", "dimension": title[:64] or "x"}],
    })  # fmt: skip


def document(kpi: str, value: Any, text: str, **more: Any) -> dict[str, Any]:
    unit = "ratio" if kpi == "win_rate" else "money"
    return {"kpi": kpi, "title": text, "window": "last_week", "segment": {}, "value": value, "unit": unit, "n": 3,
            "currency": "EUR", "status": text, "state": text, "direction": text, **more}  # fmt: skip


def gathered(mine: Report, value: Any, amount: Any, text: str) -> Gathered:
    segment = mine.sections[1].segment
    documents = {
        key("win_rate", {}): document("win_rate", value, text, previous=0.25, target={"value": 0.3}),
        key("closed_won_value", segment): document("closed_won_value", amount, text, segment=segment),
    }
    rows = [(text, document("closed_won_value", amount, text, segment={"owner": text}))] if amount is not None else []
    period = complete("week", AS_OF, ZONE)
    breakdowns = {Breakdown.model_validate(mine.breakdowns[0]): rows}
    return Gathered(period, ZONE, AS_OF, documents, {}, breakdowns, Told("x", {"win_rate": 0.1}))


@settings(max_examples=150, deadline=None)
@given(texts, shares, amounts, st.sampled_from(LANGUAGES))
def test_no_text_is_more_than_text(text: str, value: Any, amount: Any, language: str) -> None:
    """Whatever it is, the mail has the same headers, the same elements, and lines that go where they should."""
    mine = report(text)
    sender = Sender("kpis@example.com", text, "https://k.example", b"0123456789abcdef")
    to = Recipient.model_validate({"mail": "anna@example.com", "language": language})

    made = mail_of(mine, gathered(mine, value, amount, text), to, sender)
    read = email.message_from_bytes(made.bytes(), policy=email.policy.default)

    assert set(read.keys()) == {
        "From", "To", "Subject", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post", "Date", "Message-ID",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert (read["To"], read["From"].addresses[0].addr_spec) == ("anna@example.com", "kpis@example.com")
    assert not read.defects
    assert len(read["Subject"]) <= 200
    kinds = [part.get_content_type() for part in read.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/csv"]
    seen = Seen(made.html)
    assert not seen.open
    assert {tag for tag, _ in seen.elements} <= ELEMENTS
    assert not [name for _, attributes in seen.elements for name in attributes if name.startswith("on")]
    assert not re.search("[\u202a-\u202e\u2066\u2067\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", made.html)
    plain = read.get_body(("plain",))
    assert plain is not None
    assert not re.search("[\u202a-\u202e\u2066\u2067\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", plain.get_content())


@given(texts)
def test_a_name_is_one_printable_line(text: str) -> None:
    """Short; right-to-left ones turn nothing but themselves."""
    found = shown(text)

    assert len(found) <= 80 + 2
    assert "\n" not in found
    assert (found.startswith("\u2068") and found.endswith("\u2069")) or "\u2068" not in found
    assert shown("acme") == "acme"


def test_markup_is_shown_as_it_was_written() -> None:
    """Escaped, not taken out."""
    mine = report("<b>x</b>")
    made = mail_of(
        mine, gathered(mine, 0.5, "1.00", "<b>anna</b>"), Recipient(mail="a@b.example"), Sender("k@e.example")
    )

    assert "&lt;b&gt;anna&lt;/b&gt;" in made.html
    assert "<b>anna</b>" in unescape(made.html)


def test_blanks_of_our_own_words_in_a_name_stay_as_they_are() -> None:
    """A segment called {value} is called that."""
    mine = report("{value} {period}")
    made = mail_of(mine, gathered(mine, 0.5, "1.00", "{was}"), ANNA, Sender("k@e.example"))

    assert "{was}" in made.html
    assert "{value} {period}" in made.subject


def test_a_spreadsheet_runs_nothing() -> None:
    """Text that begins like a formula gets a quote; numbers do not."""
    mine = report("x")
    lines = as_csv(gathered(mine, -0.5, "-1.00", "=1+1")).decode()

    assert "'=1+1" in lines
    assert ",-1.00," in lines


@given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=80), st.binary(min_size=16, max_size=64))
def test_a_link_to_unsubscribe_is_for_one_subscription(tenant: str, name: str, mail: str, secret: bytes) -> None:
    """Whatever the names; another secret knows nothing of it."""
    if any("\ud800" <= one <= "\udfff" for one in tenant + name + mail):
        return
    one = Subscription(tenant, name, mail)
    text = token(one, secret)

    assert re.fullmatch(r"[\w-]+\.[\w-]+", text, re.A)
    assert subscription(text, secret) == one
    assert subscription(text, secret + b"x") is None


@given(st.integers(0, 200), st.characters())
def test_a_changed_link_is_none(place: int, letter: str) -> None:
    """Any character of it."""
    secret = b"0123456789abcdef"
    one = Subscription("acme", "sales_week", "anna@example.com")
    text = token(one, secret)
    changed = text[: place % len(text)] + letter + text[place % len(text) + 1 :]

    assert subscription(changed, secret) == (one if changed == text else None)
    assert subscription(letter, secret) is None
