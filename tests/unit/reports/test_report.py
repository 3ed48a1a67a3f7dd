"""Reports as data: what a settings file may say, and which field is named when it says something else."""

import re
import tomllib
from typing import Any

import pytest

from models.settings_error import SettingsError
from reports.ready import READY, reports_of
from reports.report import ROWS, WINDOWS

OWN = """
[[reports]]
ready = "sales_week"
tenant = "acme"
language = "fi"
to = ["anna@acme.example", { mail = "ben@acme.example", language = "en" }]
schedule = { at = "06:30" }

[[reports]]
name = "mine"
title = "Ours"
tenant = "acme"
zone = "Europe/Rome"
schedule = { every = "month", day = 3 }
headline = "mrr"
sections = [{ title = "Money", kpis = ["mrr", "net_new_mrr"], segment = { country = "IT" }, charts = true }]
attach = ["csv"]
"""


def read(text: str) -> Any:
    return reports_of(tomllib.loads(text))


def test_a_tenant_takes_a_ready_report_and_changes_some_of_it() -> None:
    """The schedule field by field."""
    one, other = read(OWN)

    assert (one.name, one.headline, one.language) == ("sales_week", "win_rate", "fi")
    assert (one.schedule.every, one.schedule.weekday, one.schedule.at) == ("week", 1, "06:30")
    assert [(to.mail, to.language) for to in one.to] == [("anna@acme.example", None), ("ben@acme.example", "en")]
    assert (other.window, other.zone, other.sections[0].segment) == ("last_month", "Europe/Rome", {"country": "IT"})


def test_a_file_without_reports_has_none() -> None:
    """Nothing is sent unless asked for."""
    assert read("[tenant]\ntz = 'UTC'") == ()


@pytest.mark.parametrize("name", READY)
def test_a_ready_report_shows_numbers_that_its_period_has(name: str) -> None:
    """Each KPI has the window, each breakdown the dimension, and the board is one of the page's."""
    report = READY[name]

    assert all(WINDOWS[report.schedule.every] in ROWS[kpi].windows for kpi in report.kpis())
    assert report.headline in report.sections[0].kpis
    assert report.board is not None
    assert report.to == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"headline": "win_rat"}, "reports.0.headline: no such KPI: win_rat"),
        ({"to": ["anna"]}, "reports.0.to.0.mail: not an e-mail address"),
        ({"to": ["a@b.example\nBcc: c@d.example"]}, "reports.0.to.0.mail: not an e-mail address"),
        ({"to": ["a@b.example", "A@B.example"]}, "reports.0: to: the same address twice"),
        ({"to": "a@b.example"}, "reports.0.to: Input should be a valid tuple"),
        ({"zone": "Mars/Olympus"}, "reports.0.zone: no such time zone"),
        ({"tenant": "A b"}, "reports.0.tenant: a tenant's name must match"),
        ({"language": "de"}, "reports.0.language: Input should be"),
        ({"schedule": {"at": "7:00"}}, "reports.0.schedule.at: String should match"),
        ({"schedule": {"every": "hour"}}, "reports.0.schedule.every: Input should be"),
        ({"schedule": {"day": 31}}, "reports.0.schedule.day: Input should be less than or equal to 28"),
        ({"colour": "red"}, "reports.0.colour: Extra inputs are not permitted"),
        ({"headline": "lead_abandonment_rate"}, "lead_abandonment_rate has no number of a whole week"),
        ({"sections": []}, "reports.0.sections: Tuple should have at least 1 item"),
        ({"ready": "sales"}, "reports.0.ready: no such report: use one of sales_week"),
        ({"ready": ["sales_week"]}, "reports.0.ready: no such report"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str) -> None:
    """By its place in the file."""
    with pytest.raises(SettingsError, match=re.escape(field)):
        reports_of({"reports": [{"ready": "sales_week", **change}]})


def test_two_reports_of_a_tenant_have_two_names() -> None:
    """Deliveries are known by them."""
    with pytest.raises(SettingsError, match=r"reports\.1\.name: default has two reports called ops_day"):
        reports_of({"reports": [{"ready": "ops_day"}, {"ready": "ops_day"}]})


def test_reports_are_tables() -> None:
    """Not a text, not a table of them."""
    with pytest.raises(SettingsError, match="reports: must be tables"):
        reports_of({"reports": {"name": "x"}})
