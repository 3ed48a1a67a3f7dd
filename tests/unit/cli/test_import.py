"""Rules of `crmkpi import`, without a server."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

ROOT = Path(__file__).parents[3]
MAPPING = ROOT / "examples" / "crm_opportunities.toml"
DATA = ROOT.parent / "shared" / "data" / "crm_sales_opportunities"


def invoke(*args: object) -> tuple[int, str, str]:
    """Exit code, stdout, stderr of one command."""
    result = CliRunner().invoke(app, [str(a) for a in args])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three opportunities: won, open, and one with a broken date; with the files they are joined with."""
    (tmp_path / "accounts.csv").write_text("account,sector,office_location\nAcme,retail,Kenya\n")
    (tmp_path / "products.csv").write_text("product,series\nGTX Pro,GTX\n")
    (tmp_path / "sales_teams.csv").write_text("sales_agent,manager,regional_office\nAnn,Bob,East\n")
    (tmp_path / "deals.csv").write_text(
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "D1,Ann,GTXPro,Acme,Won,2017-01-02,2017-02-03,100\n"
        "D2,Ann,GTX Pro,,Prospecting,,,\n"
        "D3,Ann,GTX Pro,Acme,Engaging,sometime,,\n"
    )
    return tmp_path / "deals.csv"


def test_a_csv_becomes_events_with_aliases_and_lookups(small: Path) -> None:
    """Both spellings of a product are one, and the joined columns are traits of the deal."""
    _, stdout, _ = invoke("import", small, "--mapping", MAPPING, "--dry-run", "--tenant", "t1")
    created, won, undated = map(json.loads, stdout.splitlines())

    assert created["data"]["traits"] == {
        "product": "GTX Pro", "series": "GTX", "manager": "Bob", "regional_office": "East",
        "sector": "retail", "office_location": "Kenya",
    }  # fmt: skip
    assert (won["type"], won["data"]) == ("crm.deal.won", {"deal_id": "D1", "amount": "100", "currency": "USD"})
    assert undated["data"]["time_known"] is False
    assert {e["tenantid"] for e in (created, won, undated)} == {"t1"}


def test_a_row_that_cannot_be_read_is_named_and_the_others_go_on(small: Path) -> None:
    """Exit code 1 says that something was left out."""
    code, stdout, stderr = invoke("import", small, "--mapping", MAPPING, "--dry-run")

    assert code == 1
    assert len(stdout.splitlines()) == 3
    assert "deals.csv, line 4: engage_date: 'sometime' is not a date or time" in stderr


def test_a_column_the_file_has_not_is_named_before_anything_is_sent(small: Path, tmp_path: Path) -> None:
    """The message lists what there is."""
    mapping = tmp_path / "m.toml"
    mapping.write_text('key="opportunity_id"\n[[events]]\ntype="crm.deal.won"\ntime="{closed}"\n')
    code, stdout, stderr = invoke("import", small, "--mapping", mapping, "--dry-run")

    assert (code, stdout) == (2, "")
    assert "deals.csv has no column 'closed' (event crm.deal.won); it has account" in stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "is not valid TOML"),
        ('tenants="a"\n[[events]]\ntype="x"\ntime="y"', "tenants: Extra inputs"),
        ('tz="Mars/Base"\n[[events]]\ntype="x"\ntime="y"', "no such time zone: Mars/Base"),
        ("events=[]", "events"),
    ],
)
def test_a_faulty_mapping_is_one_clear_line(small: Path, tmp_path: Path, text: str, message: str) -> None:
    """No traceback for a mistake of the user."""
    (tmp_path / "m.toml").write_text(text)
    code, _, stderr = invoke("import", small, "--mapping", tmp_path / "m.toml", "--dry-run")

    assert code == 2
    assert message in stderr
    assert "Traceback" not in stderr


def test_missing_files_and_missing_servers_have_their_exit_codes(small: Path, tmp_path: Path) -> None:
    """2 for what the user can mend in the command, 69 for a server that is away."""
    (tmp_path / "e.jsonl").write_text("{}\n")

    assert invoke("import", tmp_path / "none.jsonl", "--dry-run")[0] == 2
    assert invoke("import", small)[0] == 2
    assert invoke("import", tmp_path / "e.jsonl", "--kafka", "127.0.0.1:1")[0] == 69


@pytest.mark.skipif(not DATA.is_dir(), reason="the CRM opportunities set is not beside the project")
def test_the_crm_opportunities_set_maps_row_for_row() -> None:
    """8,800 deals: 4,238 won, 2,473 lost, 1,589 open and 500 of unknown age."""
    code, stdout, _ = invoke("import", DATA / "sales_pipeline.csv", "--mapping", MAPPING, "--dry-run")
    events = [json.loads(line) for line in stdout.splitlines()]

    assert code == 0
    assert Counter(e["type"] for e in events) == {
        "crm.deal.created": 8800, "crm.deal.won": 4238, "crm.deal.lost": 2473,
    }  # fmt: skip
    assert sum(e["data"].get("time_known") is False for e in events) == 500
    assert len({e["id"] for e in events}) == len(events)
    assert {e["data"].get("traits", {}).get("product") for e in events} & {"GTXPro"} == set()
