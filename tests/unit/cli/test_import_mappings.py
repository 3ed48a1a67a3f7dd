"""Mappings that come with the product, and those that are guessed."""

from pathlib import Path
from typing import Any

import pytest

from cli import ready
from cli.csvfile import load_mapping
from cli.mapping import CsvMapping, columns_named
from models.events import SHAPES
from tests.unit.cli.importing import events, run

# One row for each ready mapping, as its product writes it, with the types it gives.
ROWS: dict[str, tuple[dict[str, str], list[str]]] = {
    "hubspot_deals": (
        {"Record ID": "7", "Deal Stage": "Closed Won", "Close Date": "2026-06-10 09:30", "Create Date": "2026-06-01",
         "Deal owner": "Ann", "Amount": "1200.5", "Pipeline": "Sales"},
        ["crm.deal.created", "crm.deal.won"],
    ),
    "hubspot_deals_warehouse": (
        {"deal_id": "7", "is_deleted": "false", "deal_pipeline_stage_id": "closedlost", "property_amount": "5",
         "property_createdate": "2026-06-01 08:00:00", "property_closedate": "2026-06-02 08:00:00"},
        ["crm.deal.created", "crm.deal.lost"],
    ),
    "salesforce_opportunities": (
        {"Id": "0065g00000AbCdE", "AccountId": "0015g00000XyZaB", "IsDeleted": "false", "IsWon": "true",
         "IsClosed": "true", "CreatedDate": "2026-06-01T08:00:00.000Z", "CloseDate": "2026-06-10", "Amount": "100.0"},
        ["crm.deal.created", "crm.deal.won"],
    ),
    "salesforce_opportunities_warehouse": (
        {"id": "0065g00000AbCdE", "is_deleted": "false", "is_won": "false", "is_closed": "true",
         "created_date": "2026-06-01 08:00:00", "close_date": "2026-06-10 00:00:00"},
        ["crm.deal.created", "crm.deal.lost"],
    ),
    "salesforce_leads": (
        {"Id": "00Q5g00000AbCdE", "IsDeleted": "0", "IsConverted": "1", "CreatedDate": "2026-06-01T08:00:00.000+0000",
         "ConvertedDate": "2026-06-05", "ConvertedOpportunityId": "0065g00000AbCdE"},
        ["crm.lead.created", "crm.lead.converted"],
    ),
    "pipedrive_deals": (
        {"Deal - ID": "7", "Deal - Status": "Won", "Deal - Value": "99.90", "Deal - Currency of Value": "EUR",
         "Deal - Deal created": "2026-06-01 08:00:00", "Deal - Won time": "2026-06-03 08:00:00"},
        ["crm.deal.created", "crm.deal.won"],
    ),
    "shopify_orders": (
        {"Name": "#1001", "Email": "a@example.com", "Total": "25.00", "Taxes": "5.00", "Currency": "EUR",
         "Paid at": "2026-06-01 08:00:00 +0200"},
        ["crm.order.completed"],
    ),
    "shopify_orders_warehouse": (
        {"id": "2674098602081", "test": "FALSE", "financial_status": "paid", "total_price": "2.8", "currency": "GBP",
         "processed_at": "2026-06-01 19:35:42.000", "cancelled_at": "2026-06-02 08:00:00.000"},
        ["crm.order.completed", "crm.order.cancelled"],
    ),
    "stripe_payments": (
        {"id": "ch_1", "Status": "Refunded", "Amount": "10.00", "Currency": "eur", "Amount Refunded": "10.00",
         "Created date (UTC)": "2026-06-01 08:00:00", "Refunded date (UTC)": "2026-06-02 08:00:00"},
        ["crm.order.completed", "crm.order.refunded"],
    ),
    "stripe_subscriptions": (
        {"id": "sub_1", "Customer ID": "cus_1", "Interval": "month", "Amount": "9.00", "Currency": "eur",
         "Start Date (UTC)": "2026-06-01 08:00", "Ended At (UTC)": "2026-08-01 08:00"},
        ["crm.subscription.started", "crm.subscription.cancelled"],
    ),
}  # fmt: skip


def write(path: Path, row: dict[str, str], columns: list[str]) -> Path:
    """A CSV of one row."""
    cells = [row.get(column, "") for column in columns]
    path.write_text("\n".join(",".join(f'"{text}"' for text in line) for line in (columns, cells)) + "\n")
    return path


@pytest.mark.parametrize("name", sorted({*ROWS, *ready.names()}))
def test_a_ready_mapping_reads_what_its_product_exports(tmp_path: Path, name: str) -> None:
    """Events that a worker accepts, of types that exist; the same ids whatever else the export has."""
    row, types = ROWS[name]
    mapping = load_mapping(ready.mapping_file(Path(name)), currency="USD")
    assert {rule.type for rule in mapping.events} <= {*SHAPES, *(f"crm.{known}" for known in SHAPES)}
    file = write(tmp_path / "export.csv", row, list(columns_named(mapping)))
    found = events(run(file, "--mapping", name, "--currency", "USD", "--dry-run"))

    assert [event["type"] for event in found] == types
    assert {event["source"] for event in found} == {f"/import/{name}"}


def test_amounts_without_a_currency_need_one_to_be_said(tmp_path: Path) -> None:
    """No ready mapping guesses it."""
    row, _ = ROWS["hubspot_deals"]
    columns = list(columns_named(load_mapping(ready.mapping_file(Path("hubspot_deals")), currency="USD")))
    file = write(tmp_path / "export.csv", row, columns)
    unsaid = run(file, "--mapping", "hubspot_deals", "--dry-run")

    assert (unsaid.exit_code, "--currency" in unsaid.stderr) == (2, True)
    said = events(run(file, "--mapping", "hubspot_deals", "--currency", "CHF", "--dry-run"))
    assert {event["data"]["currency"] for event in said} == {"CHF"}


def test_ids_of_salesforce_are_one_in_both_lengths_and_keep_their_case(tmp_path: Path) -> None:
    """The long form is computed from the short one; one that has lost its case is refused."""
    mapping = tmp_path / "m.toml"
    rule = '[[events]]\ntype = "lead.created"\ntime = "2026-06-01"\ndata = { lead_id = "{Id}" }\n'
    mapping.write_text(f'salesforce_ids = ["Id"]\n{rule}')
    file = tmp_path / "leads.csv"
    file.write_text("Id,\n001A0000006Vm9r,\n001A0000006Vm9rIAC,\n001a0000006vm9rIAC,\nshort,\n")
    result = run(file, "--mapping", mapping, "--dry-run")

    assert [event["data"]["lead_id"] for event in events(result, 1)] == ["001A0000006Vm9rIAC"]
    assert "line 4" in result.stderr
    assert "line 5" in result.stderr
    assert "1 rows repeated" in result.stderr


def test_an_unknown_ready_mapping_is_answered_with_those_there_are(tmp_path: Path) -> None:
    """And a file that is not there, as ever."""
    (tmp_path / "a.csv").write_text("Id\n1\n")

    assert "salesforce_leads" in run(tmp_path / "a.csv", "--mapping", "sugar", "--dry-run").stderr
    assert "cannot read" in run(tmp_path / "a.csv", "--mapping", tmp_path / "m.toml", "--dry-run").stderr


@pytest.mark.parametrize(
    ("text", "said", "data"),
    [
        (
            "Deal ID;Owner;Stage;Amount;Created;Closed\nD1;ann;Won;1.234,50;01.06.2026;13.06.2026\n",
            ['date_formats = ["%d.%m.%Y"]', 'decimal = ","', 'key = ["Deal ID"]', 'when = { "Stage" = ["Won"] }'],
            [{"deal_id": "D1", "owner_id": "ann"}, {"deal_id": "D1", "amount": "1234.50", "currency": "EUR"}],
        ),
        (
            "Response ID,Customer,Score,Date\nR1,acme,9,2026-06-01\n",
            ['type = "crm.survey.answered"'.replace("crm.", ""), 'score = "{Score}"'],
            [{"response_id": "R1", "score": 9, "customer_id": "acme", "survey_id": "survey", "survey_type": "nps"}],
        ),
        (
            "Order No,Client,Total,Currency,Date\nA1,acme,12.50,EUR,06/13/2026\n",
            ['date_formats = ["%m/%d/%Y"]', 'type = "order.completed"'],
            [{"order_id": "A1", "customer_id": "acme", "amount": "12.50", "currency": "EUR"}],
        ),
    ],
)
def test_a_guessed_mapping_reads_the_file_it_was_guessed_from(
    tmp_path: Path, text: str, said: list[str], data: list[dict[str, Any]]
) -> None:
    """Headings and values say what a column is; what they leave open is a comment."""
    file, mapping = tmp_path / "export.csv", tmp_path / "m.toml"
    file.write_text(text)
    guess = run(file, "--guess")
    assert guess.exit_code == 0, guess.stderr
    for words in said:
        assert words in guess.stdout
    mapping.write_text(guess.stdout)

    assert [event["data"] for event in events(run(file, "--mapping", mapping, "--dry-run"))] == data


def test_a_guess_says_what_the_values_leave_open(tmp_path: Path) -> None:
    """The day or the month first? A file in an old encoding is guessed too."""
    file = tmp_path / "export.csv"
    file.write_bytes("Id,Owner,Stage,Amount,Created\n1,Zoë,Won,2.000,01/02/2026\n".encode("cp1252"))
    stdout = run(file, "--guess").stdout

    assert 'date_formats = ["%d/%m/%Y"]  # or "%m/%d/%Y"' in stdout
    assert 'encoding = "cp1252"  # a guess' in stdout
    assert 'or ","?' in stdout
    assert CsvMapping.model_fields.keys() >= {"date_formats", "encoding", "decimal"}
