"""The same export again: what is new is added, what has changed is corrected, the rest stays."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.cli.importing import HEADINGS, MAPPING, amounts, events, imported, run

DEALS = """
tenant = "acme"
tz = "UTC"
[[events]]
type = "deal.created"
time = "{Created}"
data = { deal_id = "{Id}", owner_id = "{Owner}" }
[[events]]
type = "deal.won"
when = { Stage = "Won" }
time = "{Closed}"
data = { deal_id = "{Id}", amount = "{Amount}", currency = "EUR" }
[[events]]
type = "deal.lost"
when = { Stage = "Lost" }
time = "{Closed}"
data = { deal_id = "{Id}" }
"""
COLUMNS = "Id,Owner,Stage,Amount,Created,Closed"
FIRST = ("D1,anna,Won,10,2026-06-01,2026-06-10", "D2,otto,Open,,2026-06-01,")


def weeks(folder: Path, *exports: tuple[str, ...], mapping: str = DEALS, columns: str = COLUMNS) -> dict[Any, Any]:
    """KPIs of June after these exports, each under the same name, have been imported one after another."""
    files = []
    for number, rows in enumerate(exports):
        result = imported(folder, "\n".join([columns, *rows, ""]), mapping=mapping)
        events(result)
        files.append(folder / f"week{number}.jsonl")
        files[-1].write_text(result.stdout)
    wanted = (
        "closed_won_deals",
        "closed_won_value",
        "closed_lost_deals",
        "open_pipeline",
        "conflict_rate",
        "net_revenue",
    )
    flags = [part for kpi in wanted for part in ("--kpi", kpi)]
    args = ["compute", *map(str, files), "--as-of", "2026-06-30", "--window", "month", *flags, "--json"]
    found = CliRunner().invoke(app, args)
    assert "0 refused" in found.stderr
    return {(d["kpi"], *d["segment"].values())[0 if not d["segment"] else slice(None)]: d["value"]
            for d in json.loads(found.stdout)}  # fmt: skip


def test_new_rows_on_top_move_nothing(tmp_path: Path) -> None:
    """Ids are of the rows, not of their places."""
    found = weeks(tmp_path, FIRST, ("D3,anna,Won,5,2026-06-02,2026-06-11", *FIRST))

    assert (found["closed_won_deals"], found["closed_won_value"], found["conflict_rate"]) == (2, "15.00", 0)


@pytest.mark.parametrize(
    ("row", "won", "value", "lost", "open_"),
    [
        ("D1,anna,Won,25,2026-06-01,2026-06-10", 1, "25.00", 0, 1),
        ("D1,anna,Won,7,2026-06-01,2026-06-10", 1, "7.00", 0, 1),
        ("D1,anna,Won,10,2026-06-01,2026-05-20", 0, "0.00", 0, 1),
        ("D1,anna,Won,10,2026-06-01,2026-06-12", 1, "10.00", 0, 1),
        ("D1,anna,Lost,10,2026-06-01,2026-06-10", 0, "0.00", 1, 1),
        ("D1,anna,Lost,10,2026-06-01,2026-06-09", 0, "0.00", 1, 1),
        ("D1,anna,Open,,2026-06-01,", 0, "0.00", 0, 2),
    ],
)
def test_a_changed_deal_is_corrected(tmp_path: Path, row: str, won: int, value: str, lost: int, open_: int) -> None:
    """Amount, date and outcome, forwards and backwards; and back again."""
    wanted = {"closed_won_deals": won, "closed_won_value": value, "closed_lost_deals": lost, "open_pipeline": open_}
    found = weeks(tmp_path, FIRST, (row, FIRST[1]))
    assert {name: found.get(name, 0) for name in wanted} == wanted
    assert found["conflict_rate"] == 0

    again = weeks(tmp_path, FIRST, (row, FIRST[1]), (row, FIRST[1]), FIRST)
    assert (again["closed_won_deals"], again["closed_won_value"], again["open_pipeline"]) == (1, "10.00", 1)


def test_a_deal_that_moved_to_another_owner_is_theirs(tmp_path: Path) -> None:
    """The correction of what it was created with holds."""
    found = weeks(tmp_path, FIRST, (FIRST[0].replace("anna", "otto"), FIRST[1]))

    assert found["closed_won_deals", "otto"] == 1
    assert not found.get(("closed_won_deals", "anna"))


def test_the_same_export_gives_the_same_bytes(tmp_path: Path) -> None:
    """Corrected rows too: so a command that was killed is simply given again."""
    changed = "\n".join([COLUMNS, FIRST[0].replace("10,", "11,"), ""])
    imported(tmp_path, "\n".join([COLUMNS, *FIRST, ""]), mapping=DEALS)
    first = imported(tmp_path, changed, mapping=DEALS)
    second = imported(tmp_path, changed, mapping=DEALS)

    assert first.stdout == second.stdout
    assert "1 rows corrected" in first.stderr
    assert "corrected" not in second.stderr


def test_a_restated_order_holds_its_last_amount(tmp_path: Path) -> None:
    """Whichever of the amounts is larger."""
    for number, second in enumerate(("7", "70")):
        folder = tmp_path / str(number)
        folder.mkdir()
        rows = [(f"A1,a,Paid,{total},2026-06-03",) for total in ("9", second)]
        assert weeks(folder, *rows, mapping=MAPPING, columns=HEADINGS)["net_revenue"] == f"{second}.00"


def test_what_cannot_be_corrected_is_named(tmp_path: Path) -> None:
    """Another call is another call, and an order does not move to an earlier day."""
    calls = 'key = "Call"\n[[events]]\ntype = "call.ended"\ntime = "{At}"\n'
    calls += 'data = { direction = "outbound", outcome = "connected", duration_s = "{Seconds}" }\n'
    imported(tmp_path, "Call,At,Seconds\nC1,2026-06-01,60\n", mapping=calls)
    changed = imported(tmp_path, "Call,At,Seconds\nC1,2026-06-01,90\nC2,2026-06-01,5\n", mapping=calls)
    assert [event["data"]["duration_s"] for event in events(changed, 1)] == [5]
    assert "line 2: call.ended C1 was imported before with other content" in changed.stderr

    imported(tmp_path, f"{HEADINGS}\nA1,a,Paid,9,2026-06-02\n")
    moved = imported(tmp_path, f"{HEADINGS}\nA1,a,Paid,9,2026-06-01\n")
    assert amounts(moved, 1) == []
    assert "cannot be made earlier" in moved.stderr


def test_two_rows_of_one_key_are_refused_and_a_row_said_twice_is_counted(tmp_path: Path) -> None:
    """Which of the two holds, nobody can know."""
    text = f"{HEADINGS}\nA1,a,Paid,9,2026-06-02\nA1,a,Paid,8,2026-06-02\nA1,a,Paid,9,2026-06-02\n"
    result = imported(tmp_path, text)

    assert amounts(result, 1) == ["9"]
    assert "line 3: a row before has the key A1 too" in result.stderr
    assert "1 rows repeated" in result.stderr


@pytest.mark.parametrize("stamps", [("2026-06-11", "2026-06-18"), ("7", "12")])
def test_a_revision_of_the_rows_own_needs_no_ledger(tmp_path: Path, own_state: Path, stamps: tuple[str, str]) -> None:
    """A column with the time of the last change, or a number that grows."""
    rows = [(f"D1,anna,Won,{amount},2026-06-01,{closed},{stamp}",) for amount, closed, stamp in
            (("10", "2026-06-10", stamps[0]), ("20", "2026-06-09", stamps[1]))]  # fmt: skip
    mapping = f'revision = "{{Changed}}"\n{DEALS}'
    found = weeks(tmp_path, rows[0], rows[1], rows[1], mapping=mapping, columns=f"{COLUMNS},Changed")

    assert (found["closed_won_value"], found["closed_won_deals"], found["conflict_rate"]) == ("20.00", 1, 0)
    assert not (own_state / "crmkpi").exists()


def test_lines_left_out_can_be_mended_and_imported(tmp_path: Path) -> None:
    """In the form of their file; with why, and an end: nothing is left out any more."""
    left = tmp_path / "left.csv"
    text = f"{HEADINGS}\nA1,a,Paid,9,2026-06-02\nA2,Zoë,Paid,nine,2026-06-02\nTotal\n".replace(",", ";")
    first = imported(tmp_path, text.encode("cp1252"), "--rejects", left, mapping=f'encoding = "cp1252"\n{MAPPING}')
    assert amounts(first, 1) == ["9"]
    assert left.read_text("cp1252").splitlines() == [
        "Order;Customer;Status;Total;Date;refused_because",
        "A2;Zoë;Paid;nine;2026-06-02;amount: 'nine' is not a number",
        "Total",
    ]

    left.write_text(left.read_text("cp1252").replace(";nine;", ";8;").replace("Total\n", ""), "cp1252")
    assert amounts(run(left, "--mapping", tmp_path / "m.toml", "--dry-run")) == ["8"]


def test_refused_lines_of_events_can_be_mended_too(tmp_path: Path) -> None:
    """They keep the id that their file gave them."""
    good = {"id": "1", "type": "crm.order.cancelled", "time": "2026-06-01T00:00:00Z", "data": {"order_id": "A1"}}
    bad = {"type": "crm.order.cancelled", "time": "yesterday", "data": {"order_id": "A2"}}
    (tmp_path / "e.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\nnonsense\n")
    result = run(tmp_path / "e.jsonl", "--dry-run", "--rejects", tmp_path / "left.jsonl")

    assert [event["id"] for event in events(result, 1)] == ["1"]
    assert "e.jsonl, line 2: bad_time time" in result.stderr
    left = (tmp_path / "left.jsonl").read_text().splitlines()
    assert (json.loads(left[0])["id"], left[1]) == ("e.jsonl/2", "nonsense")
