"""Rules of what a JSONL line gets before it is sent."""

import json
from pathlib import Path

from cli.lines import Line, completed, read_lines


def complete(raw: bytes, tenant: str | None = None) -> bytes:
    """Line 3 of f.jsonl."""
    return completed(Line("f.jsonl", 3, raw), tenant)


def test_a_line_gets_its_place_as_id_and_its_time_as_receive_time() -> None:
    """A file read twice makes duplicates, and history is not late."""
    event = json.loads(complete(b'{"type":"crm.page.viewed","time":"2026-01-01T00:00:00Z"}', "acme"))

    assert event["id"] == "f.jsonl/3"
    assert event["recordedtime"] == "2026-01-01T00:00:00Z"
    assert event["tenantid"] == "acme"


def test_what_the_producer_said_stays_to_the_byte() -> None:
    """Also its faults: a doubled key must get the verdict it would get from any producer."""
    raw = b'{"id":"1","tenantid":"a","recordedtime":"2026-01-01T00:00:00Z","time":"x","time":"y"}'

    assert complete(raw, "other") == raw
    assert complete(b'{"time":1,"time":2}').endswith(b'"time":1,"time":2}')


def test_a_line_that_is_no_object_travels_as_it_is() -> None:
    """It becomes a dead letter that shows what was sent."""
    assert [complete(raw) for raw in (b"{oops", b"[1]", b"\xff")] == [b"{oops", b"[1]", b"\xff"]
    assert json.loads(complete(b"{}")) == {"id": "f.jsonl/3"}


def test_a_skewed_clock_is_not_corrected_by_an_invented_receive_time() -> None:
    """sentat and recordedtime together would shift the event."""
    assert b"recordedtime" not in complete(b'{"time":"2026-01-01T00:00:00Z","sentat":"2026-01-01T00:00:09Z"}')


def test_empty_lines_are_skipped_but_numbered(tmp_path: Path) -> None:
    """Numbers are those an editor shows."""
    (tmp_path / "f.jsonl").write_bytes(b'{"a":1}\n\n  \n{"b":2}')

    assert [line.number for line in read_lines(tmp_path / "f.jsonl")] == [1, 4]
