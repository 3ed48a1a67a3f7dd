"""What a mail says: the numbers of documents, rounded for their unit, and what they are measured against."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from reports.content import Content, content_of
from reports.format import Numbers
from reports.numbers import Told
from reports.report import LANGUAGES, Language
from reports.words import words
from tests.unit.reports.samples import HELD, TENANT, gathered, published, ready


def said(name: str, language: Language = "en", told: Told | None = None, **changed: Any) -> Content:
    """The content of a ready report; ``changed``: fields by KPI, of its documents."""
    documents = [{**one, **changed.get(one["kpi"], {})} if not one["segment"] else one for one in HELD["documents"]]
    report = ready(name)
    sink = asyncio.run(published(documents=documents))
    return content_of(report, asyncio.run(gathered(report, sink, told)), language)


def headline(**changed: Any) -> str:
    return said("sales_week", win_rate=changed).headline


@pytest.mark.parametrize("name", ["sales_week", "marketing_week", "success_month", "ops_day"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_is_its_documents(name: str, language: Language) -> None:
    """As the one formatter writes its value."""
    report, content = ready(name), said(name, language)
    numbers, known = Numbers(words(language)), {one["kpi"]: one for one in HELD["documents"]
                                                if one["window"] == report.window and not one["segment"]}  # fmt: skip
    shown = {figure.title: figure for part in content.parts for figure in part.figures}
    shown[content.first.title] = content.first

    assert len(shown) == len(report.kpis())
    for kpi in report.kpis():
        figure = shown[words(language).title(kpi)]
        assert figure.value == numbers.text(known[kpi]["value"], known[kpi])
        if figure.change and figure.change.step:
            assert figure.change.was == numbers.text(known[kpi]["previous"], known[kpi])
            assert (figure.change.step > 0) == (
                Decimal(str(known[kpi]["value"])) > Decimal(str(known[kpi]["previous"]))
            )


def test_the_headline_is_measured_by_the_target() -> None:
    """In points of a ratio; said of either side, and of neither."""
    target = {"value": 0.3, "attainment": 0.9133}

    assert headline(value=0.274, target=target) == "Win rate 27.4%, 2.6 pt under target"
    assert headline(value=0.326, target=target) == "Win rate 32.6%, 2.6 pt over target"
    assert headline(value=0.3, target=target) == "Win rate 30.0%, on target"
    assert headline(value=0.274, target=0.3) == "Win rate 27.4%, 2.6 pt under target"


def test_without_a_target_the_headline_is_measured_by_the_period_before() -> None:
    """Up, down, the same; nothing where nothing is known."""
    assert headline(value=0.274, previous=0.25) == "Win rate 27.4%, up 2.4 pt on the week before"
    assert headline(value=0.274, previous=0.3) == "Win rate 27.4%, down 2.6 pt on the week before"
    assert headline(value=0.3, previous=0.3) == "Win rate 30.0%, as the week before"
    assert headline(value=0.3, previous=None) == "Win rate 30.0%"
    assert headline(value=None, previous=0.3, target={"value": 0.3}) == "Win rate: no data"


def test_a_target_of_what_is_better_low_is_met_from_below() -> None:
    """The words say which side; the mark says whether that is good."""
    under = said("ops_day", late_rate={"value": 0.004, "target": {"value": 0.01, "attainment": 2.5}}).first
    over = said("ops_day", late_rate={"value": 0.02, "target": {"value": 0.01, "attainment": 0.5}}).first

    assert under.target is not None
    assert (under.target.met, under.target.side, under.target.share) == (True, -1, "250%")
    assert over.target is not None
    assert (over.target.met, over.target.side) == (False, 1)


@pytest.mark.parametrize("target", [None, {}, {"value": None}, {"value": None, "attainment": None}])
def test_no_target_is_none(target: Any) -> None:
    """Withdrawn ones, too."""
    assert said("sales_week", win_rate={"target": target}).first.target is None


def test_a_change_that_is_noise_is_neither_better_nor_worse() -> None:
    """As the trend of the document says."""
    quiet = said("sales_week", win_rate={"value": 0.3, "previous": 0.29, "trend": {"changed": False}}).first.change
    loud = said("sales_week", win_rate={"value": 0.3, "previous": 0.2, "trend": {"changed": True}}).first.change

    assert quiet is not None
    assert (quiet.tone, quiet.word) == ("plain", "within the usual variation")
    assert loud is not None
    assert (loud.tone, loud.word) == ("good", "better")


@pytest.mark.parametrize(
    ("document", "value", "status"),
    [
        ({"value": None, "status": "no_data"}, "–", "no data"),
        ({"value": 0, "status": "ok"}, "0%", ""),
        ({"value": 0.5, "status": "low_n"}, "50.0%", "few data"),
        ({"value": 0.5, "status": "partial"}, "50.0%", "incomplete"),
    ],
)
def test_no_data_zero_and_few_data_are_told_apart(document: Any, value: str, status: str) -> None:
    """In words."""
    first = said("sales_week", win_rate=document).first

    assert (first.value, first.status) == (value, status)


def test_what_the_last_report_said_and_is_not_so_any_more_is_told() -> None:
    """By the text a reader saw: what rounds to the same is not."""
    before = {one["kpi"]: one["previous"] for one in HELD["documents"] if one["window"] == "last_month"
              and not one["segment"]}  # fmt: skip
    same = said("success_month", told=Told("2026-04", before))
    other = said("success_month", told=Told("2026-04", {**before, "mrr": "99.00", "csat": 0.1}))

    assert same.restated == []
    assert other.restated is not None
    assert [(title, then) for title, _, then in other.restated] == [
        ("Monthly recurring revenue (MRR)", "€99"), ("Customer satisfaction (CSAT)", "10.0%"),
    ]  # fmt: skip
    assert other.restated_period == "April 2026"
    assert said("success_month").restated is None


def test_the_largest_segments_come_first() -> None:
    """With their names in the reader's language, and bars by the largest."""
    bars = said("success_month", "fi").breakdowns[0]

    assert [name for name, _, _ in bars.rows] == ["Saksa", "Ranska", "Itävalta", "Puola"]
    assert bars.rows[0][2] == 100
    assert [share for _, _, share in bars.rows] == sorted((share for _, _, share in bars.rows), reverse=True)


def test_a_chart_says_in_words_what_it_shows() -> None:
    """From the lowest to the highest value, and the target."""
    alt = said("sales_week", win_rate={"value": 0.274, "target": 0.3}).first.alt

    assert alt.startswith("Win rate, the last 13 weeks: ")
    assert alt.endswith("now 27.4%. Target 30.0%.")


def test_the_period_is_named_in_the_tenants_zone() -> None:
    """Not in the zone of whoever runs the command."""
    assert said("sales_week").period == "25–31 May 2026"
    assert said("success_month", "it").period == "maggio 2026"
    assert said("ops_day", "fi").period == "sunnuntai 31. toukokuuta 2026"
    assert said("ops_day").as_of == (
        "Numbers as of 1 Jun 2026, 06:00, time zone Europe/Berlin. Days are whole days there."
    )
    assert said("ops_day").tenant == TENANT
