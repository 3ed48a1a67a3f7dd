"""Rules of the mapping from rows of a CSV to events."""

from typing import Any

import pytest

from cli.faults import RowError
from cli.mapping import CsvMapping, columns_named, without_key
from cli.rows import Draft, Plan

RULES: dict[str, Any] = {
    "source": "/import/test",
    "tenant": "acme",
    "tz": "Europe/Helsinki",
    "events": [
        {"type": "crm.deal.created", "when": {"start": "*"}, "time": "{start}", "data": {"deal_id": "{id}"}},
        {
            "type": "crm.deal.won",
            "when": {"stage": ["Won", "Closed"]},
            "time": "{end}",
            "data": {"deal_id": "{id}", "amount": "{value}", "time_known": False, "traits": {"a": "{x}-{y}"}},
        },
    ],
}


def run(rules: dict[str, object] | None = None, **cells: str) -> list[Draft]:
    """The events of one row."""
    row = {"id": "d1", "stage": "", "start": "", "end": "", "value": "", "x": "", "y": ""} | cells
    return Plan(CsvMapping.model_validate({**RULES, **(rules or {})})).drafts(row)


def one(type_: str, cell: str, **data: str) -> Any:
    """The data of one event of a type, with a cell in its column."""
    rule = {"type": type_, "time": "2026-01-02", "data": {"user_id": "u", **data}}
    mapping = CsvMapping.model_validate({"events": [rule], "decimal": ","})
    return Plan(mapping).drafts({"cell": cell})[0].data


def test_a_row_gives_one_event_for_each_rule_whose_condition_it_meets() -> None:
    """Conditions: "*" is anything, a list is any of, and all must hold."""
    found = run(start="2026-01-02", stage="Won", end="2026-01-03")

    assert [draft.type for draft in found] == ["crm.deal.created", "crm.deal.won"]
    assert [draft.type for draft in run(stage="WON", end="2026-01-03")] == ["crm.deal.won"]
    assert run(stage="Lost") == []


def test_a_date_alone_is_local_midnight_with_the_offset_of_that_day() -> None:
    """Winter and summer time differ; a time with offset keeps its own."""
    times = [run(start=text)[0].time for text in ("2026-01-02", "2026-07-02", "2026-07-02T10:00:00Z")]

    assert times == ["2026-01-02T00:00:00+02:00", "2026-07-02T00:00:00+03:00", "2026-07-02T10:00:00+00:00"]


def test_what_an_empty_cell_would_fill_is_left_out() -> None:
    """No empty strings reach an event; constants of any type stay."""
    won = run(stage="Won", end="2026-01-03", x="1")[0]

    assert won.data == {"deal_id": "d1", "time_known": False}


def test_a_cell_that_is_no_date_is_named() -> None:
    """The row is left out with its reason, it does not become an event of today."""
    with pytest.raises(RowError, match="start: 'soon' is not a date"):
        run(start="soon")


def test_every_column_a_mapping_reads_is_known_beforehand() -> None:
    """So that a typing error is found before the first row."""
    assert set(columns_named(CsvMapping.model_validate(RULES))) == {"start", "id", "stage", "end", "value", "x", "y"}


@pytest.mark.parametrize(
    ("type_", "field", "cell", "value"),
    [
        ("crm.survey.answered", "score", "9", 9),
        ("crm.survey.answered", "score", "9,0", 9),
        ("crm.survey.answered", "scale_max", "4,5", 4.5),
        ("crm.call.ended", "duration_s", "125", 125),
        ("crm.call.ended", "duration_s", "00:03:25", 205),
        ("crm.email.opened", "machine", "TRUE", True),
        ("crm.email.sent", "bulk", "nein", False),
        ("crm.deal.stage_changed", "stage_order", "3", 3),
        ("crm.deal.won", "amount", "1.234,50 €", "1234.50"),
        ("crm.deal.won", "closed_at", "2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("crm.cost.recorded", "period_start", "2026-03-01 08:00", "2026-03-01"),
        ("crm.deal.won", "reason", "9", "9"),
    ],
)
def test_a_cell_becomes_what_its_field_is(type_: str, field: str, cell: str, value: object) -> None:
    """Numbers, whole numbers, yes and no, amounts, times; texts stay texts, digits too."""
    found = one(type_, cell, **{field: "{cell}"})[field]

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_", "field", "cell", "message"),
    [
        ("crm.survey.answered", "score", "nine", "not a number"),
        ("crm.survey.answered", "score", "90%", "a percentage"),
        ("crm.deal.stage_changed", "stage_order", "1,5", "not a whole number"),
        ("crm.email.opened", "machine", "perhaps", "neither yes nor no"),
        ("crm.deal.won", "amount", "#REF!", "an error of a spreadsheet"),
        ("crm.deal.won", "deal_id", "1,23457E+15", "shortened"),
    ],
)
def test_a_cell_that_cannot_be_what_its_field_is_is_named(type_: str, field: str, cell: str, message: str) -> None:
    """With the column, never as a text or as zero."""
    with pytest.raises(RowError, match=message):
        one(type_, cell, **{field: "{cell}"})


@pytest.mark.parametrize(
    ("cell", "currency", "found"),
    [
        ("€ 5", "EUR", "EUR"),
        ("5 kr", "SEK", "SEK"),
        ("5 €", None, "EUR"),
        ("zł 5", None, "PLN"),
        ("$5", "usd", "usd"),
        ("5", "€", "EUR"),
    ],
)
def test_a_currency_sign_agrees_with_the_currency_or_says_it(cell: str, currency: str | None, found: str) -> None:
    """A sign that only one currency has names it."""
    data = one("crm.deal.won", cell, amount="{cell}", **({"currency": currency} if currency else {}))

    assert data["currency"] == found


@pytest.mark.parametrize(("cell", "currency"), [("$5", "EUR"), ("5 zł", "EUR"), ("USD 5", "CAD")])
def test_an_amount_in_another_currency_is_named(cell: str, currency: str) -> None:
    """Dollars never become euros."""
    with pytest.raises(RowError, match=f"is not in {currency}"):
        one("crm.deal.won", cell, amount="{cell}", currency=currency)


@pytest.mark.parametrize("type_", ["page.viewed", "chat.messaged", "payment.received"])
def test_a_mapping_whose_rows_nothing_tells_apart_is_refused_with_the_words_to_add(type_: str) -> None:
    """Types of an entity are named by it."""
    bare = {"type": type_, "time": "{When}", "data": {"url": "{Page}"}}
    deal = {"type": "deal.won", "time": "{When}", "data": {"deal_id": "{Deal}"}}

    assert 'key = ["Id"]' in str(without_key(CsvMapping.model_validate({"events": [bare]})))
    assert without_key(CsvMapping.model_validate({"events": [deal]})) is None
    assert without_key(CsvMapping.model_validate({"events": [bare], "key": "Id"})) is None
    assert without_key(CsvMapping.model_validate({"events": [{**bare, "key": ["Id"]}]})) is None
