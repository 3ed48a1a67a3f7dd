"""Rules of the mapping from rows of a CSV to events."""

import pytest

from cli.mapping import CsvMapping, RowError, columns_named, events_of

RULES = {
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


def run(rules: dict[str, object] | None = None, **cells: str) -> list[dict[str, object]]:
    """The events of one row, line 7 of deals.csv."""
    row = {"id": "d1", "stage": "", "start": "", "end": "", "value": "", "x": "", "y": ""} | cells
    return list(events_of(CsvMapping.model_validate({**RULES, **(rules or {})}), row, "deals.csv", 7))


def test_a_row_gives_one_event_for_each_rule_whose_condition_it_meets() -> None:
    """Conditions: "*" is anything, a list is any of, and all must hold."""
    assert [e["type"] for e in run(start="2026-01-02", stage="Won", end="2026-01-03")] == [
        "crm.deal.created",
        "crm.deal.won",
    ]
    assert run(stage="Lost") == []


def test_a_date_alone_is_local_midnight_with_the_offset_of_that_day() -> None:
    """Winter and summer time differ; a time with offset keeps its own."""
    times = [run(start=text)[0]["time"] for text in ("2026-01-02", "2026-07-02", "2026-07-02T10:00:00Z")]

    assert times == ["2026-01-02T00:00:00+02:00", "2026-07-02T00:00:00+03:00", "2026-07-02T10:00:00+00:00"]


def test_history_is_not_late() -> None:
    """recordedtime is the event's own time, so the late rate of an import is zero."""
    assert run(start="2026-01-02")[0]["recordedtime"] == "2026-01-02T00:00:00+02:00"


def test_ids_are_file_and_line_so_a_second_import_makes_duplicates_only() -> None:
    """Each rule has an id of its own, whatever the other rules do."""
    assert [e["id"] for e in run(start="2026-01-02", stage="Won", end="2026-01-03")] == [
        "deals.csv/7",
        "deals.csv/7.2",
    ]
    assert run(stage="Won", end="2026-01-03")[0]["id"] == "deals.csv/7.2"


def test_what_an_empty_cell_would_fill_is_left_out() -> None:
    """No empty strings reach an event; constants of any type stay."""
    won = run(stage="Won", end="2026-01-03", x="1")[0]

    assert won["data"] == {"deal_id": "d1", "time_known": False}


def test_a_cell_that_is_no_date_is_named() -> None:
    """The row is left out with its reason, it does not become an event of today."""
    with pytest.raises(RowError, match="'soon' is not a date"):
        run(start="soon")


def test_a_date_format_may_be_declared() -> None:
    """Not every export speaks ISO 8601."""
    assert run({"date_format": "%d.%m.%Y"}, start="02.01.2026")[0]["time"] == "2026-01-02T00:00:00+02:00"


def test_every_column_a_mapping_reads_is_known_beforehand() -> None:
    """So that a typing error is found before the first row."""
    assert set(columns_named(CsvMapping.model_validate(RULES))) == {"start", "id", "stage", "end", "value", "x", "y"}
