"""`crmkpi report`: what is due, what a mail will be, and that what is sent is what was previewed."""

import asyncio
import email
import email.policy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from reports.unsubscribe import Subscription
from reports.unsubscribed import RedisUnsubscribed
from tests.unit.reports.conftest import redis_url as redis_url
from tests.unit.reports.samples import AS_OF, TENANT

SETTINGS = f"""
[tenants.{TENANT}]
tz = "Europe/Berlin"

[mail]
outbox = "%s/outbox"
page = "https://kpis.example.com"
unsubscribe_secret = "0123456789abcdef"

[[reports]]
ready = "success_month"
tenant = "{TENANT}"
to = ["anna@example.com", {{ mail = "ben@example.com", language = "fi" }}]

[[reports]]
ready = "sales_week"
tenant = "{TENANT}"
zone = "Asia/Kolkata"

[[reports]]
ready = "ops_day"
tenant = "other"
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with a settings file, on the Monday of the numbers."""
    file = tmp_path / "crmkpi.toml"
    file.write_text(SETTINGS % tmp_path)
    monkeypatch.setattr("cli.report._now", lambda: int(AS_OF.timestamp() * 1000))
    env = {"CRMKPI_CONFIG": str(file), "REDIS_URL": redis_url, "NO_COLOR": "1", "COLUMNS": "200"}
    return lambda *args: CliRunner().invoke(app, ["report", *map(str, args)], env=env)


def test_the_list_says_what_is_due_when(run: Run) -> None:
    """In the zone of the report, of the period of the tenant."""
    done = run("list", "--json")
    rows: list[dict[str, Any]] = orjson.loads(done.output)

    assert done.exit_code == 0
    assert [(one["report"], one["due"], one["period"], one["recipients"]) for one in rows] == [
        ("success_month", "2026-06-01T07:00:00+02:00", "2026-05", 2),
        ("sales_week", "2026-06-08T07:00:00+05:30", "2026-06-01", 0),
        ("ops_day", "2026-06-01T07:00:00+00:00", "2026-05-31", 0),
    ]
    assert rows[1]["before"] == "2026-06-01T07:00:00+05:30"
    assert "success_month" in run("list").output
    assert "marketing_week" in run("list", "--ready").output


def test_what_is_sent_is_what_was_previewed(run: Run, tmp_path: Path) -> None:
    """Byte for byte, for each recipient in their language."""
    previews = []
    for mail in ("anna@example.com", "ben@example.com"):
        done = run("preview", "success_month", "--to", mail, "--out", tmp_path / mail, "--json")
        assert done.exit_code == 0, done.output
        previews.append(Path(orjson.loads(done.output)["eml"]).read_bytes())

    sent = run("send", "success_month", "--json")

    assert sent.exit_code == 0, sent.output
    assert [Path(one["sent"]).read_bytes() for one in orjson.loads(sent.output)] == previews
    subjects = [str(email.message_from_bytes(one, policy=email.policy.default)["Subject"]) for one in previews]
    assert subjects[0].startswith("Customer retention rate 94.8%, up 8.3 pt on the month before")
    assert subjects[1] != subjects[0]


def test_a_preview_can_be_opened_in_a_browser(run: Run, tmp_path: Path) -> None:
    """With its images in it."""
    done = run("preview", "success_month", "--tenant", TENANT, "--language", "uk", "--out", tmp_path)
    html = (tmp_path / f"{TENANT}-success_month-2026-05-uk.html").read_text()

    assert done.exit_code == 0, done.output
    assert 'lang="uk"' in html
    assert "cid:" not in html
    assert "data:image/png;base64," in html


def test_a_missed_day_can_be_made_up_for(run: Run, tmp_path: Path) -> None:
    """A date is the end of that day."""
    done = run("preview", "ops_day", "--tenant", TENANT, "--as-of", "2026-05-30", "--out", tmp_path, "--json")

    assert done.exit_code == 0, done.output
    assert orjson.loads(done.output)["subject"].endswith("Ops day, Saturday, 30 May 2026")


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("preview", "sales_wek"), 2, "no such report: sales_wek (did you mean sales_week"),
        (("preview", "marketing_week", "--tenant", TENANT), 69, "not ready: leads by segment of a week: no worker"),
        (("preview", "ops_day", "--tenant", "nobody"), 69, "not ready: nothing is published for tenant nobody yet"),
        (("preview", "success_month", "--language", "de"), 2, "no such language: de"),
        (("preview", "success_month", "--to", "x"), 2, "--to x: not an e-mail address"),
        (("preview", "success_month", "--as-of", "May"), 2, "--as-of May: use a date"),
        (("send", "sales_week"), 2, "sales_week has no recipients"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(run: Run, tmp_path: Path, args: tuple[str, ...], code: int, said: str) -> None:
    """With its exit code."""
    done = run(*args, *(["--out", tmp_path] if args[0] == "preview" else []))

    assert done.exit_code == code, done.output
    assert said in done.output


def test_a_mail_that_is_not_sent_ends_with_an_error(run: Run, tmp_path: Path) -> None:
    """That names the delivery's place."""
    (tmp_path / "outbox").write_text("a file, not a folder")
    done = run("send", "success_month")

    assert done.exit_code == 69
    assert "2 of 2 mails were not sent: mail.outbox: " in done.output


def test_who_has_unsubscribed_gets_nothing(run: Run, redis_url: str) -> None:
    """The others do."""

    async def end() -> None:
        held = RedisUnsubscribed(redis_url)
        await held.add(Subscription(TENANT, "success_month", "ben@example.com"))
        await held.close()

    asyncio.run(end())
    sent = run("send", "success_month")

    assert sent.exit_code == 0, sent.output
    assert "ben@example.com has unsubscribed" in sent.output
    assert "anna@example.com: Customer retention rate" in sent.output
    assert "ben@example.com: " not in sent.output
