"""Rules of the notes on events: what was accepted but hardly meant."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.record import RawRecord
from models.validate import validate
from tests.unit.cli.test_compute import EXAMPLE, invoke, won, write

AT = ("--as-of", "2026-10-31", "--kpi", "closed_won_value", "--window", "month")


def changed(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    """An event with other fields; None takes one away."""
    fields = {**event["data"], **data}
    return {**event, "data": {name: value for name, value in fields.items() if value is not None}}


@pytest.mark.parametrize(
    ("event", "note"),
    [
        (
            changed(won("1", "2026-10-01T00:00:00Z"), amount=None, amout="100"),
            "amout is not read: did you mean amount?",
        ),
        (
            changed(won("1", "2026-10-01T00:00:00Z"), owner_id=None, ownerId="a"),
            "ownerId is not read: did you mean owner",
        ),
        (
            changed(won("1", "2026-10-01T00:00:00Z"), reason=None, resaon="x"),
            "resaon is not read: did you mean reason?",
        ),
        (
            {**won("1", "2026-10-01T00:00:00Z"), "type": "crm.deal.wonn"},
            "type crm.deal.wonn is in no KPI: did you mean crm.deal.won?",
        ),
        (
            changed(won("1", "2026-10-01T00:00:00Z"), currency=None),
            "crm.deal.won has an amount without a currency, which no sum of money counts: add currency",
        ),
    ],
)
def test_a_slip_is_named_with_what_was_meant(tmp_path: Path, event: dict[str, Any], note: str) -> None:
    """Once, with the line it was first in and how often; the event counts as before."""
    file = write(tmp_path, won("first", "2026-10-01T00:00:00Z"), event, {**event, "id": "again"})
    code, _, stderr = invoke(file, *AT, "--strict")

    assert code == 0
    assert f"events.jsonl, line 2: {note}" in stderr
    assert stderr.count(note) == 1
    assert "(2 events)" in stderr


@pytest.mark.parametrize(
    "event",
    [
        changed(won("1", "2026-10-01T00:00:00Z"), amounts="1"),  # amount is there as well
        changed(won("1", "2026-10-01T00:00:00Z"), region="north", deal_name="Big one"),
        {**won("1", "2026-10-01T00:00:00Z"), "type": "crm.machine.repaired"},
    ],
)
def test_names_of_ones_own_are_no_slips(tmp_path: Path, event: dict[str, Any]) -> None:
    """Producers may send more than is read."""
    _, _, stderr = invoke(write(tmp_path, event), *AT)

    assert "did you mean" not in stderr


def test_the_example_has_nothing_to_note() -> None:
    """Not one of its events."""
    _, _, stderr = invoke(EXAMPLE, *AT)

    assert stderr.splitlines()[0] == "40 lines: 40 events counted, 0 refused, 0 at or after --as-of ignored"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "crm.deal.won", "data": {"dealId": "1"}}, "missing_field deal_id"),
        ({"type": "crm.deal.won", "data": {"dealId": "1"}}, "(did you mean deal_id by dealId?)"),
        ({"type": "deal.won", "data": {"deal_id": "1"}}, "(did you mean crm.deal.won?)"),
        ({"typ": "crm.deal.won", "data": {"deal_id": "1"}}, "(did you mean type by typ?)"),
    ],
)
def test_a_refused_event_says_what_may_have_been_meant(tmp_path: Path, event: dict[str, Any], words: str) -> None:
    """The reason stays as it is."""
    _, _, stderr = invoke(write(tmp_path, {**event, "id": "1", "time": "2026-10-01T00:00:00Z"}), *AT)

    assert words in stderr


def test_an_import_notes_slips_too(tmp_path: Path) -> None:
    """Of events, and of a mapping: every row has it."""
    event = changed(won("1", "2026-10-01T00:00:00Z"), amount=None, amout="100")
    (tmp_path / "deals.csv").write_text("Deal,Closed,Price\n1,2026-10-01,5\n2,2026-10-02,7\n")
    (tmp_path / "m.toml").write_text(
        'tenant = "acme"\ntz = "UTC"\n[[events]]\ntype = "deal.won"\ntime = "{Closed}"\n'
        'data = { deal_id = "{Deal}", amuont = "{Price}" }\n'
    )
    csv_args = [str(tmp_path / "deals.csv"), "--mapping", str(tmp_path / "m.toml"), "--ledger", str(tmp_path / "l")]
    lines = CliRunner().invoke(app, ["import", str(write(tmp_path, event)), "--dry-run"])
    rows = CliRunner().invoke(app, ["import", *csv_args, "--dry-run"])

    assert "events.jsonl, line 1: amout is not read: did you mean amount?" in lines.stderr
    assert "deals.csv, line 2: amuont is not read: did you mean amount? (2 events)" in rows.stderr
    assert len(rows.stdout.splitlines()) == 2


def test_send_names_slips_before_it_sends() -> None:
    """Also an attribute beside the data: the event would be another tenant's. The server is not there."""
    event = {"type": "crm.deal.won", "tenant": "acme", "data": {"deal_id": "1", "amuont": "5"}}
    sent = CliRunner().invoke(app, ["send", "-", "--kafka", "127.0.0.1:1"], input=json.dumps(event))

    assert sent.exit_code == 69
    assert "event 1: tenant is not read: did you mean tenantid?" in sent.stderr
    assert "event 1: amuont is not read: did you mean amount?" in sent.stderr


@pytest.mark.parametrize(
    ("settings", "kpi", "noted"),
    [
        ("", "new_customers", True),
        ("", "marketing_roi", True),
        ("", "win_rate", False),
        ('[tenants.acme]\nrevenue_from = "deals"', "new_customers", False),
        ('[tenants.acme]\nrevenue_from = "both"', "new_customers", False),
    ],
)
def test_won_deals_that_are_no_revenue_are_said(tmp_path: Path, settings: str, kpi: str, noted: bool) -> None:
    """Only where a KPI is asked for that would count them."""
    (tmp_path / "c.toml").write_text(settings)
    args = (write(tmp_path, won("1", "2026-10-01T00:00:00Z")), "--config", tmp_path / "c.toml")
    _, _, stderr = invoke(*args, "--as-of", "2026-10-31", "--kpi", kpi, "--window", "month")

    assert ("tenant acme has won deals and no orders: with revenue_from" in stderr) is noted


def test_any_number_of_strange_names_is_a_few_lines(tmp_path: Path) -> None:
    """Ten, and how many more."""
    events = [
        changed(won(str(n), "2026-10-01T00:00:00Z"), amount=None, **{f"amount{'x' if n % 2 else 'y'}": "1"})
        for n in range(4)
    ]
    events += [{**won(f"t{n}", "2026-10-01T00:00:00Z"), "type": f"crm.deal.won{n}"} for n in range(10, 30)]
    _, _, stderr = invoke(write(tmp_path, *events), *AT)

    assert stderr.count("did you mean") == 10
    assert "… and 12 more names that look like typing errors" in stderr


def test_what_validation_makes_of_an_event_is_no_slip() -> None:
    """Every field of every example of the contract is known."""
    from cli.nearly import noticed
    from tests.unit.models.examples import EXAMPLES

    for type_, data in EXAMPLES.items():
        head = {"id": "1", "source": "t", "type": type_, "time": "2026-10-01T00:00:00Z", "data": data}
        rows, _ = validate([RawRecord("t", 0, 1, -1, None, json.dumps(head).encode())])
        assert not [text for row in rows for text in noticed(row) if "did you mean" in text]
