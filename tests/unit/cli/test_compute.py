"""Rules of `crmkpi compute`."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.asked import asked_for
from cli.book import load_book
from cli.count import count_files
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


def series(*args: object) -> list[dict[str, Any]]:
    """What `crmkpi compute --series … --json` prints: a document a line."""
    code, stdout, stderr = invoke(*args, "--json")
    assert code == 0, stderr
    return [json.loads(text) for text in stdout.splitlines()]


@pytest.mark.parametrize(
    ("unit", "since", "as_ofs"),
    [
        ("month", "2026-08", ["2026-08-31", "2026-09-30", "2026-10-31"]),
        ("week", "2026-10-01", ["2026-10-04", "2026-10-11", "2026-10-18", "2026-10-25"]),
        ("day", "2026-10-24T13:00:00", ["2026-10-24", "2026-10-25", "2026-10-26"]),  # Helsinki's long day in the middle
    ],
)
def test_a_series_is_what_as_of_each_end_prints(unit: str, since: str, as_ofs: list[str]) -> None:
    """Every field but the name of the period; --as-of inside the next period adds nothing."""
    asked = ("--tz", "Europe/Helsinki", "--kpi", "win_rate", "--kpi", "closed_won_value", "--kpi", "net_revenue")
    last = {"day": "2026-10-27T12:00:00", "week": "2026-10-28", "month": "2026-11-15"}[unit]
    found = series(EXAMPLE, "--series", unit, "--from", since, "--as-of", last, *asked)
    window = {"day": "today", "week": "week", "month": "month"}[unit]
    expected = [document for at in as_ofs for document in documents(EXAMPLE, "--as-of", at, "--window", window, *asked)]

    names = list(dict.fromkeys(document.pop("period") for document in found))
    assert found == expected
    assert len(names) == len(as_ofs)
    assert names[0] == {"day": "2026-10-24", "week": "2026-09-28", "month": "2026-08"}[unit]


def test_a_series_shows_other_windows_when_they_are_asked_for() -> None:
    """The last seven days at the end of each day."""
    args = (EXAMPLE, "--kpi", "closed_won_deals", "--window", "7d")
    found = series(*args, "--series", "day", "--from", "2026-10-20", "--as-of", "2026-10-22")
    as_of = documents(*args, "--as-of", "2026-10-21")

    assert {document["window"] for document in found} == {"7d"}
    assert [{**document, "period": "2026-10-21"} for document in as_of] == [
        document for document in found if document["period"] == "2026-10-21"
    ]


def test_a_correction_changes_the_months_after_it_only(tmp_path: Path) -> None:
    """A deal won in March and reopened in May was won at the ends of March and April: that was not known then."""
    again = won("1", "2026-05-04T10:00:00Z", id="again", type="crm.deal.reopened")
    again["data"] = {"deal_id": "1"}
    file = write(tmp_path, again, won("1", "2026-03-10T10:00:00Z"), won("2", "2026-03-20T10:00:00Z"))
    args = (file, "--series", "month", "--from", "2026-03", "--as-of", "2026-05-31", "--kpi", "closed_won_deals")
    found = [doc for doc in series(*args, "--window", "all") if not doc["segment"]]

    assert [(doc["period"], doc["value"]) for doc in found] == [("2026-03", 2), ("2026-04", 2), ("2026-05", 1)]


def test_a_series_of_more_values_than_are_kept_is_that_of_each_as_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which owners are kept by name depends on the order of the file, which is not that of time."""
    monkeypatch.setattr("kpis.cells.segments.VALUES_KEPT", 3)
    days = (9, 3, 7, 1, 5)
    events = [won(str(day), f"2026-03-{day:02}T10:00:00Z", owner=f"o{day}") for day in days]
    args = (write(tmp_path, *events), "--kpi", "closed_won_deals", "--window", "all", "--segment", "owner")
    found = series(*args, "--series", "day", "--from", "2026-03-05", "--as-of", "2026-03-09")
    expected = [doc for day in range(5, 10) for doc in documents(*args, "--as-of", f"2026-03-0{day}")]

    assert [{key: value for key, value in doc.items() if key != "period"} for doc in found] == expected
    assert {"owner": "__other__"} in [doc["segment"] for doc in found]


def test_a_series_has_each_tenants_own_periods(tmp_path: Path) -> None:
    """Half past ten in the evening of 31 March in London is April in Helsinki."""
    config = tmp_path / "c.toml"
    config.write_text('[tenants.acme]\ntz="Europe/Helsinki"\n[tenants.beta]\ntz="Europe/London"\n')
    events = [won("1", "2026-03-31T21:30:00Z", tenantid=tenant) for tenant in ("acme", "beta")]
    args = (write(tmp_path, *events), "--config", config, "--kpi", "closed_won_deals", "--series", "month")
    found = series(*args, "--from", "2026-03-01", "--as-of", "2026-04-30")

    values = {(doc["tenant"], doc["period"]): doc["value"] for doc in found if not doc["segment"]}
    assert values["acme", "2026-03"] in (None, 0)
    assert [values["acme", "2026-04"], values["beta", "2026-03"], values["beta", "2026-04"]] == [1, 1, 0]


def test_a_series_reports_what_was_refused_left_out_and_in_conflict(tmp_path: Path) -> None:
    """As compute does; what lies after the last period is left out."""
    events = [won("1", "2026-03-01T00:00:00Z"), won("1", "2026-04-01T00:00:00Z"), won("2", "2026-06-01T00:00:00Z")]
    args = (write(tmp_path, *events, "{"), "--series", "month", "--from", "2026-03", "--as-of", "2026-05-31")
    code, _, stderr = invoke(*args, "--kpi", "closed_won_deals", "--strict")

    assert code == 1
    assert "events.jsonl, line 2: conflict" in stderr
    assert "events.jsonl, line 4: not_json" in stderr
    assert "4 lines: 2 events counted, 2 refused, 1 after the last month ignored" in stderr


def test_a_table_and_csv_name_the_period(tmp_path: Path) -> None:
    """CSV has headings, and nothing where nothing is known; a comma in a segment stays in its cell."""
    file = write(tmp_path, won("1", "2026-03-05T00:00:00Z", owner="anna, otto"))
    args = (file, "--series", "month", "--from", "2026-03", "--as-of", "2026-04-30", "--kpi", "closed_won_value")
    _, table, _ = invoke(*args)
    _, text, _ = invoke(*args, "--segment", "owner", "--csv")
    rows = list(csv.DictReader(text.splitlines()))

    assert [words.split()[:4] for words in table.splitlines() if "closed" in words] == [
        ["2026-03", "closed_won_value", "month", "100.00"],
        ["2026-04", "closed_won_value", "month", "0.00"],
    ]
    assert [(row["period"], row["segment"], row["value"], row["currency"]) for row in rows] == [
        ("2026-03", "", "100.00", "EUR"),
        ("2026-03", "owner=anna, otto", "100.00", "EUR"),
        ("2026-04", "", "0.00", "EUR"),
    ]


def test_csv_of_one_moment_has_no_period(tmp_path: Path) -> None:
    """The same columns as of a series otherwise."""
    file = write(tmp_path, won("1", "2026-03-05T00:00:00Z"))
    _, text, _ = invoke(file, "--as-of", "2026-03-31", "--kpi", "win_rate", "--window", "month", "--csv")

    assert text.splitlines()[0].split(",")[:4] == ["kpi", "window", "segment", "value"]
    assert text.splitlines()[1].startswith("win_rate,month,,1.0,ratio,,1,1,1,")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--series", "month"], "--series month needs --from, its first month"),
        (["--from", "2026-10-01"], "--from 2026-10-01 is the start of a series: add --series day, week, month"),
        (["--series", "weekly", "--from", "2026-10-01"], "no such series: weekly (did you mean week"),
        (["--series", "month", "--from", "soon"], "--from soon: use a date"),
        (["--series", "month", "--from", "2026-13"], "--from 2026-13: use a date"),
        (["--series", "month", "--from", "2026-11-01"], "no month from the first on is over at the second"),
        (["--series", "day", "--from", "1900-01-01"], "--from 1900-01-01: use a date from 1970-01-02 on"),
        (["--series", "day", "--from", "2026-10-01", "--kpi", "mrr_growth"], "no such KPI"),
        (["--json", "--csv"], "--json and --csv are two forms of one output"),
        (
            ["--series", "day", "--from", "2026-10-01", "--kpi", "customer_churn_rate"],
            "--kpi customer_churn_rate has no window today (--series day): use --window 24h, 7d",
        ),
        (
            ["--kpi", "customer_churn_rate", "--window", "1h"],
            "--kpi customer_churn_rate has no window 1h (--window 1h): use --window 24h, 7d",
        ),
        (
            ["--series", "week", "--from", "2026-10-01", "--kpi", "win_rate", "--segment", "owner"],
            "--segment owner: there are no segments in the window week (--series week): use --window 7d, 30d, month",
        ),
        (
            ["--window", "month", "--kpi", "duplicate_rate", "--segment", "owner"],
            "leave out --segment: what --kpi names has none in any window",
        ),
    ],
)
def test_options_that_contradict_each_other_are_named(args: list[str], message: str) -> None:
    """Before anything is read: the file is not there."""
    code, stdout, stderr = invoke("none.jsonl", "--as-of", "2026-10-31", *args)

    assert (code, stdout) == (2, "")
    assert message in stderr


def test_a_kpi_without_the_window_is_named_and_the_others_are_shown(tmp_path: Path) -> None:
    """Nothing is refused as long as there is something to show."""
    file = tmp_path / "none.jsonl"
    file.write_text("")
    both = ("--kpi", "orders", "--kpi", "stickiness", "--window", "today")
    code, _, stderr = invoke(str(file), "--as-of", "2026-10-31", *both)
    assert code == 0
    assert "--kpi stickiness has no window today (--window today): use --window 7d, 30d" in stderr
    assert "orders" not in stderr


def test_what_is_not_asked_for_is_not_counted(tmp_path: Path) -> None:
    """--kpi and --window decide what is kept, whatever the settings file asks for."""
    config = tmp_path / "c.toml"
    config.write_text('[tenant]\nkpis = ["mrr"]\nwindows = ["7d"]\n[tenants.acme]\nkpis = ["orders"]\n')
    asked = asked_for(["month"], ["win_rate"], None, None)
    book = load_book(config, kpis=asked.kpis, windows=asked.windows)
    tally = count_files([write(tmp_path, won("1", "2026-03-05T00:00:00Z"))], book, "2026-03-31")
    names = {name for name, _, _, _ in dict(tally.engine.state("acme").tenant.cells.items())}

    assert {"won", "lost"} & names == {"won"}
    assert not {name for name in names if name.startswith(("won_value", "orders", "mrr", "new_customers"))}
