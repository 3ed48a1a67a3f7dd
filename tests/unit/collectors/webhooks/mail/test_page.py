"""The page for users tells of every provider, and of every kind of event that is read."""

import re
from pathlib import Path

import pytest

from collectors.webhooks.mail import PROVIDERS, amazon_ses, brevo, mailgun, mandrill, resend, sendgrid, sparkpost
from collectors.webhooks.provider import Provider

PAGE = (Path(__file__).parents[5] / "docs" / "webhooks-mail.md").read_text()
MEANT = PAGE.split("## What becomes what")[1]
COLUMNS = [name.strip() for name in MEANT.split("\n|")[1].split("|")]


def row(part: str, title: str) -> list[str]:
    """The cells of a provider's row."""
    (found,) = [line for line in part.splitlines() if line.startswith((f"| {title} |", f"| {title.split(' (')[0]} |"))]
    return [cell.strip() for cell in found.strip("|").split("|")]


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
def test_every_provider_is_on_the_page(provider: Provider) -> None:
    """With its address, and a row of what becomes what."""
    assert f"`{provider.name}`" in row(PAGE.split("## What")[0], provider.title)
    assert len(row(MEANT, provider.title)) == len(COLUMNS) - 1
    assert provider.secret


def test_names_are_no_providers_twice() -> None:
    """They stand in addresses."""
    names = [one.name for one in PROVIDERS]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Amazon SES", {name: kind for name, (kind, _) in amazon_ses.KINDS.items()}),
        ("Brevo", {name: kind for name, kind in brevo.KINDS.items() if name.islower()}),
        ("Mailgun", mailgun.KINDS),
        ("Mandrill", mandrill.KINDS),
        ("Resend", {name.removeprefix("email."): kind for name, kind in resend.KINDS.items()}),
        ("SendGrid", sendgrid.KINDS),
        ("SparkPost", sparkpost.KINDS),
    ],
)
def test_each_kind_stands_in_its_column(title: str, kinds: dict[str, str]) -> None:
    """Of the providers whose kinds are a plain table."""
    cells = dict(zip(COLUMNS, row(MEANT, title), strict=False))
    for name, kind in kinds.items():
        assert name in re.split(r"[,;] ", cells[kind].replace(", if all topics", "")), (name, kind)
