"""Rules of `crmkpi compute`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

EXAMPLE = Path(__file__).parents[3] / "examples" / "events.jsonl"


def invoke(*args: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `crmkpi compute`."""
    result = CliRunner().invoke(app, ["compute", *map(str, args)])
    return result.exit_code, result.stdout, result.stderr


def totals(*args: object) -> list[dict[str, Any]]:
    """Of what `crmkpi compute --json` prints, the documents without a segment."""
    return [doc for doc in documents(*args) if not doc["segment"]]


def documents(*args: object) -> list[dict[str, Any]]:
    """What `crmkpi compute --json` prints."""
    code, stdout, stderr = invoke(*args, "--json")
    assert code == 0, stderr
    found: list[dict[str, Any]] = json.loads(stdout)
    return found


def write(folder: Path, *events: dict[str, Any] | str) -> Path:
    """A JSONL file of these."""
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    (folder / "events.jsonl").write_text("\n".join(lines))
    return folder / "events.jsonl"


def won(deal: str, time: str, **more: Any) -> dict[str, Any]:
    """A won deal of acme."""
    data = {"deal_id": deal, "amount": "100", "currency": "EUR", "owner_id": more.pop("owner", "anna")}
    return {"id": deal, "source": "t", "type": "crm.deal.won", "time": time, "tenantid": "acme", "data": data, **more}


def test_a_file_of_events_becomes_kpi_totals() -> None:
    """The example: one deal lost, two won."""
    (doc,) = totals(EXAMPLE, "--as-of", "2026-10-31", "--kpi", "win_rate", "--window", "month")

    assert (doc["value"], doc["numerator"], doc["denominator"], doc["n"]) == (2 / 3, 2, 3, 3)
    assert (doc["kpi"], doc["window"], doc["segment"]) == ("win_rate", "month", {})
    assert "rev" in doc


def test_a_date_alone_is_the_end_of_that_local_day(tmp_path: Path) -> None:
    """23:30 in Helsinki is inside, half past midnight is not."""
    file = write(tmp_path, won("1", "2026-10-30T21:30:00Z"), won("2", "2026-10-30T22:30:00Z"))
    args = (file, "--as-of", "2026-10-30", "--kpi", "closed_won_deals", "--window", "all")

    assert [doc["value"] for doc in totals(*args, "--tz", "Europe/Helsinki")] == [1]
    assert [doc["value"] for doc in totals(*args)] == [2]
    assert totals(*args, "--tz", "Europe/Helsinki")[0]["as_of"] == "2026-10-30T22:00:00.000Z"


def test_later_events_are_left_out_and_counted(tmp_path: Path) -> None:
    """An event at the very moment does not exist yet."""
    file = write(tmp_path, won("1", "2026-10-01T00:00:00Z"), won("2", "2026-10-02T00:00:00Z"))
    code, stdout, stderr = invoke(file, "--as-of", "2026-10-02T00:00:00Z", "--kpi", "closed_won_deals", "--json")

    assert code == 0
    assert {doc["value"] for doc in json.loads(stdout) if doc["window"] == "all" and not doc["segment"]} == {1}
    assert "2 lines: 1 events counted, 0 refused, 1 at or after --as-of ignored" in stderr


def test_refused_lines_are_named_by_line_and_field_and_the_rest_counts(tmp_path: Path) -> None:
    """A broken line costs nothing but itself."""
    bad = won("3", "2026-10-01T00:00:00Z")
    del bad["data"]["deal_id"]
    file = write(tmp_path, won("1", "2026-10-01T00:00:00Z"), "{broken", "", bad)
    code, stdout, stderr = invoke(file, "--as-of", "2026-10-02", "--kpi", "closed_won_deals", "--json")

    assert code == 0
    assert "events.jsonl, line 2: not_json" in stderr
    assert "events.jsonl, line 4: missing_field deal_id" in stderr
    assert any(doc["value"] == 1 for doc in json.loads(stdout))


def test_a_conflict_is_named_too(tmp_path: Path) -> None:
    """The first copy stays."""
    file = write(tmp_path, won("1", "2026-10-01T00:00:00Z"), won("1", "2026-10-01T00:00:00Z", owner="otto"))
    _, _, stderr = invoke(file, "--as-of", "2026-10-02", "--kpi", "closed_won_deals")

    assert "events.jsonl, line 2: conflict" in stderr


def test_a_dimension_asked_for_needs_no_settings_file(tmp_path: Path) -> None:
    """--segment of a trait makes it a dimension; the totals stay."""
    event = won("1", "2026-10-01T00:00:00Z")
    event["data"]["traits"] = {"series": "GTX"}
    args = (write(tmp_path, event), "--as-of", "2026-10-02", "--kpi", "closed_won_deals", "--window", "all")

    assert [doc["segment"] for doc in documents(*args, "--segment", "series")] == [{}, {"series": "GTX"}]


def test_several_tenants_are_told_apart(tmp_path: Path) -> None:
    """With one tenant a document is exactly that of the contract; with several each says whose it is."""
    other = won("1", "2026-10-01T00:00:00Z", tenantid="beta")
    file = write(tmp_path, won("1", "2026-10-01T00:00:00Z"), other)
    args = (file, "--as-of", "2026-10-02", "--kpi", "closed_won_deals", "--window", "all")

    assert [doc["tenant"] for doc in totals(*args)] == ["acme", "beta"]
    assert ["tenant" in doc for doc in totals(*args, "--tenant", "beta")] == [False]


def test_two_files_of_one_name_both_count(tmp_path: Path) -> None:
    """Their lines have the same numbers, not the same origin."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, won(name, "2026-10-01T00:00:00Z"))
    files = [tmp_path / name / "events.jsonl" for name in ("a", "b")]

    (doc,) = totals(*files, "--as-of", "2026-10-02", "--kpi", "closed_won_deals", "--window", "all")
    assert doc["value"] == 2


def test_a_settings_file_decides_zone_and_currency_and_flags_win(tmp_path: Path) -> None:
    """[tenants.NAME] over [tenant]; --currency over both."""
    config = tmp_path / "c.toml"
    config.write_text('[tenant]\ncurrency="USD"\n[tenants.acme]\ntz="Asia/Kolkata"\n')
    file = write(tmp_path, won("1", "2026-10-01T00:00:00Z"))
    args = (file, "--as-of", "2026-10-02", "--kpi", "closed_won_value", "--window", "all")
    plain = totals(*args, "--config", config)[0]
    flagged = totals(*args, "--config", config, "--currency", "EUR")[0]

    assert (plain["tz"], plain["currency"], plain["unpriced"]) == ("Asia/Kolkata", "USD", 1)
    assert (flagged["currency"], flagged["value"]) == ("EUR", "100.00")


def test_an_empty_file_has_documents_without_data(tmp_path: Path) -> None:
    """Nothing known is null, not zero."""
    (tmp_path / "e.jsonl").write_text("")

    assert {doc["status"] for doc in totals(tmp_path / "e.jsonl", "--as-of", "2026-10-02", "--kpi", "win_rate")} == {
        "no_data"
    }


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--as-of", "yesterday"], 2, "--as-of yesterday: use a date"),
        (["--as-of", "2026-10-02", "--tz", "Mars/Base"], 2, "no such time zone"),
        (["--as-of", "2026-10-02", "--currency", "XXQ"], 2, "currency"),
        (["--as-of", "2026-10-02", "--window", "31d"], 2, "no such window: 31d (did you mean"),
        (["--as-of", "2026-10-02", "--kpi", "win_rat"], 2, "did you mean win_rate"),
        (["--as-of", "2026-10-02", "--config", "none.toml"], 2, "cannot read none.toml"),
        (["--as-of", "2026-10-02", "--tenant", "nobody"], 1, "no events for tenant nobody: the files contain acme"),
    ],
)
def test_a_users_mistake_is_one_clear_line(args: list[str], code: int, message: str) -> None:
    """No traceback, and the exit code says which kind."""
    result = invoke(EXAMPLE, *args)

    assert result[0] == code
    assert message in result[2]
    assert "Traceback" not in result[2]


def test_hostile_text_does_not_reach_the_terminal_as_it_is(tmp_path: Path) -> None:
    """A trait may hold escape sequences."""
    event = won("1", "2026-10-01T00:00:00Z")
    event["data"]["traits"] = {"series": "\x1b[31mred\u202e"}
    args = (write(tmp_path, event), "--as-of", "2026-10-02", "--kpi", "closed_won_deals", "--segment", "series")
    _, stdout, _ = invoke(*args)

    assert not {"\x1b", "\u202e"} & set(stdout)
    assert "series=\\x1b[31mred\\u202e" in stdout


def test_many_refusals_are_grouped_by_reason_and_strict_makes_them_an_error(tmp_path: Path) -> None:
    """Of each reason the first five lines, then how many more."""
    broken = ["{"] * 40 + [won(str(n), "yesterday") for n in range(7)] + [won("good", "2026-10-01T00:00:00Z")]
    args = (write(tmp_path, *broken), "--as-of", "2026-10-02", "--kpi", "closed_won_deals")
    code, _, stderr = invoke(*args)

    assert code == 0
    assert "48 lines: 1 events counted, 47 refused" in stderr
    assert stderr.count("not_json:") == 5
    assert "… and 35 more: not_json" in stderr
    assert "line 41: bad_time time" in stderr
    assert "… and 2 more: bad_time time" in stderr
    assert invoke(*args, "--strict")[0] == 1
