"""Three ways to wrap an event, one meaning; and what the envelope itself may say."""

from typing import Any

import orjson
import pytest

from models.record import CLAMPED, DERIVED_ID, SKEW, TIME_MISSING, RawRecord, Row
from models.validate import Known, Rejection, validate
from tests.corpus import TIMESTAMP, VIEW, dump, event

HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"bad-1"),
    ("ce_source", b"/corpus"),
    ("ce_type", b"crm.page.viewed"),
    ("ce_time", b"2024-06-01T10:00:00Z"),
    ("ce_tenantid", b"acme"),
    ("content-type", b"application/json; charset=utf-8"),
]


def raw(value: bytes | None, headers: Any = (), timestamp: int = TIMESTAMP, offset: int = 5) -> RawRecord:
    """A record."""
    return RawRecord("t", 3, offset, timestamp, None, value, headers)


def row(record: RawRecord) -> Row:
    """The row of a record that must be accepted."""
    rows, rejections = validate([record])
    assert rejections == []
    return rows[0]


def rejection(record: RawRecord) -> Rejection:
    """The rejection of a record that must be refused."""
    rows, rejections = validate([record])
    assert rows == []
    return rejections[0]


def test_the_three_forms_give_the_same_row() -> None:
    """Structured, without specversion, and binary: same identity, content and data."""
    structured = row(raw(dump()))
    assert row(raw(dump(specversion=None))) == structured
    assert row(raw(orjson.dumps(VIEW), HEADERS)) == structured


def test_a_structured_content_type_wins_over_headers() -> None:
    """Some bridges set both."""
    headers = [*HEADERS[:-1], ("Content-Type", b"application/cloudevents+json")]
    assert row(raw(dump(id="inside"), headers)).id == "inside"


def test_binary_mode_is_checked_like_the_rest() -> None:
    """Other content, bad header text, duplicate keys, a missing type."""
    data = orjson.dumps(VIEW)
    assert rejection(raw(data, [*HEADERS[:-1], ("content-type", b"text/csv")])).reason == "content_type"
    assert rejection(raw(data, [*HEADERS, ("ce_subject", b"\xff")])).reason == "not_utf8"
    assert rejection(raw(data, [*HEADERS, ("ce_id", b"a\0b")])).reason == "nul"
    assert rejection(raw(b'{"url":"/","url":"/2"}', HEADERS)).reason == "duplicate_key"
    assert rejection(raw(data, HEADERS[:1])).field == "type"
    assert rejection(raw(b"[]", HEADERS))[1:4] == ("acme", "wrong_type", "data")
    assert validate([raw(None, HEADERS)], Known({"acme"}))[1][0].tenant == "acme"
    assert rejection(raw(None, HEADERS)).tenant == "default"


def test_missing_attributes_get_their_defaults() -> None:
    """id from the origin, source from the topic, tenant default, time from the record: all flagged or documented."""
    found = row(raw(orjson.dumps({"type": "crm.page.viewed", "data": VIEW})))
    assert (found.id, found.source, found.tenant) == (f"t/3/5/{TIMESTAMP}", "t", "default")
    assert (found.time, found.received, found.flags) == (TIMESTAMP, TIMESTAMP, DERIVED_ID | TIME_MISSING)


def test_a_line_of_a_file_has_no_clock() -> None:
    """Timestamp -1: no check of the future, receive time is the event's, the id is name and line."""
    found = row(raw(dump(id=None, time="2099-01-01T00:00:00Z"), timestamp=-1))
    assert (found.id, found.received, found.flags) == ("t/5", found.time, DERIVED_ID)
    assert rejection(raw(dump(time=None), timestamp=-1))[2:4] == ("missing_field", "time")


@pytest.mark.parametrize(
    ("time", "expected", "flags"),
    [
        ("2024-06-01T12:00:00Z", TIMESTAMP, 0),
        ("2024-06-01T12:00:00.001Z", TIMESTAMP, CLAMPED),
        ("2024-06-01T12:05:00Z", TIMESTAMP, CLAMPED),
        ("2024-06-01t11:59:59.9999z", TIMESTAMP - 1, 0),
        ("1970-01-02T23:59:00+23:59", 86_400_000, 0),
    ],
)
def test_time_is_checked_against_the_record_and_nothing_else(time: str, expected: int, flags: int) -> None:
    """Five minutes ahead are clamped; any past is fine."""
    found = row(raw(dump(time=time)))
    assert (found.time, found.flags) == (expected, flags)


def test_more_than_five_minutes_ahead_is_refused() -> None:
    """By one millisecond."""
    assert rejection(raw(dump(time="2024-06-01T12:05:00.001Z"))).reason == "time_in_future"


def test_a_skewed_clock_is_corrected_before_the_check() -> None:
    """t = time + recordedtime - sentat: a clock a year ahead is as good as a right one."""
    found = row(
        raw(dump(time="2025-06-01T10:00:00Z", sentat="2025-06-01T10:00:05Z", recordedtime="2024-06-01T11:00:05Z"))
    )
    assert (found.time, found.flags) == (TIMESTAMP - 3_600_000, SKEW)
    assert found.received == TIMESTAMP - 3_595_000


def test_recordedtime_alone_only_says_when_it_was_received() -> None:
    """Importers stamp it."""
    found = row(raw(dump(recordedtime="2024-06-01T10:00:01Z")))
    assert (found.received - found.time, found.flags) == (1000, 0)


def test_transport_attributes_are_no_content() -> None:
    """A re-send with other sentat or recordedtime, key order or number form is a duplicate, not a conflict."""
    first = row(raw(dump(data={**VIEW, "a": 1, "b": [1e16, -0.0]})))
    data = {"b": [10**16, 0], "a": 1.0, **VIEW}
    same = "2024-06-01T10:00:00Z"
    again = row(raw(dump(data=data, sentat=same, recordedtime=same, type="crm.page.viewed.v1")))
    assert (first.identity, first.content) == (again.identity, again.content)


def test_content_sees_every_other_difference() -> None:
    """Type, time as sent, data."""
    first = row(raw(dump())).content
    others = (
        dump(time="2024-06-01T10:00:00.000Z"),
        dump("form.started", {**VIEW, "form_id": "f"}),
        dump(data={**VIEW, "a": "1"}),
        dump(data={**VIEW, "a": 1}),
    )
    assert len({first, *(row(raw(other)).content for other in others)}) == 5


def test_an_event_without_time_is_its_own_duplicate() -> None:
    """The record's timestamp is no content."""
    first = row(raw(dump(time=None)))
    assert row(raw(dump(time=None), timestamp=TIMESTAMP + 9)).content == first.content


def test_identity_does_not_run_its_parts_together() -> None:
    """("ab", "c") is not ("a", "bc")."""
    assert row(raw(dump(source="ab", id="c"))).identity != row(raw(dump(source="a", id="bc"))).identity


@pytest.mark.parametrize("tenant", ["ACME", "", "a b", "a" * 65, "ä", 7, ["a"], "acme\n"])
def test_a_malformed_tenant_is_refused_for_default(tenant: Any) -> None:
    """It cannot count for a tenant that cannot be."""
    assert rejection(raw(dump(tenantid=tenant)))[1:4] == ("default", "bad_tenant", "tenantid")


def test_binary_data_in_base64_is_refused_by_name() -> None:
    """Nothing is guessed about it."""
    body = event("meeting.held")
    del body["data"]
    assert rejection(raw(orjson.dumps({**body, "data_base64": "e30="})))[2:4] == ("wrong_type", "data")
    assert row(raw(orjson.dumps(body))).data == {}


def test_a_rejection_knows_when_it_was_received() -> None:
    """recordedtime, else the record's timestamp, else the event's time, else unknown."""
    assert rejection(raw(dump(data={"a": 1}, recordedtime="1970-01-02T00:00:01Z"))).received == 86_401_000
    assert rejection(raw(dump(data={"a": 1}, recordedtime="soon"))).received == TIMESTAMP
    assert rejection(raw(dump(data={"a": 1}, time="1970-01-02T00:00:02Z"), timestamp=-1)).received == 86_402_000
    assert rejection(raw(b'{"data":{}}', timestamp=-1)).received == -1
