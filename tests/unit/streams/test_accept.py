"""What accept makes of records that nobody foresaw, of tenants nobody named, and of more than it can take."""

from dataclasses import replace
from typing import Any

import pytest

from models.blocks import decode_block
from models.record import RawRecord, Row
from models.tenants import TenantBook, TenantSettings
from models.validate import Known, validate
from streams import checked as module
from streams.accept import Acceptor
from streams.checked import checked, sure
from streams.fetched import Fetched, slices
from streams.options import WorkerOptions
from tests.corpus import dump, good

OPTIONS = WorkerOptions(
    brokers=("nowhere:1",), inputs=("in",), batch_events=100, batch_bytes=10_000, inbox_bytes=40_000
)


def record(offset: int, value: bytes, key: bytes | None = None) -> RawRecord:
    """A record of one partition."""
    return RawRecord("in", 0, offset, 1_717_243_200_000, key, value)


class Consumer:
    """Notes what is paused."""

    def __init__(self) -> None:
        self.paused: set[tuple[str, int]] = set()

    def pause(self, topic: str, partition: int) -> None:
        """No more for now."""
        self.paused.add((topic, partition))

    def resume(self, topic: str, partition: int) -> None:
        """Go on."""
        self.paused.discard((topic, partition))


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in validation that one event meets."""
    real = validate

    def faulty(records: Any, known: Any = None) -> Any:
        for one in records:
            if b"poison" in (one.value or b""):
                raise ZeroDivisionError("secret: ann@b.example")
        return real(records, known)

    monkeypatch.setattr(module, "validate", faulty)


@pytest.mark.usefixtures("fault")
def test_a_fault_of_ours_refuses_one_record_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """The neighbours are rows; the letter and the log name the class and repeat nothing of the event."""
    module._logged.clear()
    poison = record(7, dump(id="poison"))
    rows, rejections, blocks = checked([good(1), good(2), poison, record(8, b"{broken"), poison._replace(offset=9)])
    assert [row.offset for row in rows] == [1, 2]
    assert [(one.record.offset, one.reason, one.detail) for one in rejections if one.reason == "engine_error"] == [
        (7, "engine_error", "ZeroDivisionError"), (9, "engine_error", "ZeroDivisionError"),
    ]  # fmt: skip
    refused = [one for _, block in blocks for one in decode_block(block)["refused"]]
    assert sorted(one[0] for one in refused) == [7, 8, 9]
    assert len(caplog.records) == 1
    assert "ann@b.example" not in caplog.text


def test_a_row_that_cannot_be_written_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is part of it."""
    real = validate

    def too_large(records: Any, known: Any = None) -> Any:
        rows, rejections = real(records, known)
        return [row._replace(data={"n": 2**70}) if row.offset == 2 else row for row in rows], rejections

    monkeypatch.setattr(module, "validate", too_large)
    rows, rejections, _ = checked([good(1), good(2), good(3)])
    assert [row.offset for row in rows] == [1, 3]
    assert [one.reason for one in rejections] == ["engine_error"]


def test_a_letter_that_cannot_be_written_loses_its_headers() -> None:
    """Never the record."""
    _, rejections, _ = checked([record(1, b"{broken")._replace(headers=[("odd", b"x")])])

    def letter(rejection: Any) -> Any:
        if rejection.record.headers:
            raise UnicodeError
        return rejection.record.value

    assert sure(letter, rejections[0]) == b"{broken"


def test_closed_tenants() -> None:
    """Only those that are named; others make no tenant, neither by events nor by rubbish."""
    known = Known({"acme"}, closed=True)
    rows, rejections, blocks = checked(
        [record(1, dump(tenantid="acme")), record(2, dump(tenantid="other")), record(3, b"{broken", key=b"other")],
        known,
    )
    assert [row.tenant for row in rows] == ["acme"]
    assert [(one.tenant, one.reason, one.field) for one in rejections] == [
        ("default", "unknown_tenant", "tenantid"), ("default", "not_json", None),
    ]  # fmt: skip
    assert {tenant for tenant, _ in blocks} == {"acme", "default"}


def test_fifty_broken_records_make_no_tenant() -> None:
    """Whatever their keys say."""
    _, rejections, _ = checked([record(number, b"{broken", key=b"id-%d" % number) for number in range(50)])
    assert {one.tenant for one in rejections} == {"default"}


def test_the_settings_file_says_who_may_send() -> None:
    """A change counts from the next batch on."""
    acceptor = Acceptor(OPTIONS)
    acceptor.configure(TenantBook.from_mapping({"tenants_open": False, "tenants": {"acme": {}}}))
    assert acceptor._known.closed
    assert "acme" in acceptor._known.tenants
    assert "other" not in acceptor._known.tenants
    acceptor.configure(TenantBook(TenantSettings()))
    assert not acceptor._known.closed


def test_the_inbox_is_bounded_by_bytes() -> None:
    """A few large records pause their partition; it goes on when half of them are gone."""
    acceptor, consumer = Acceptor(OPTIONS), Consumer()
    acceptor.consumer = consumer  # type: ignore[assignment]
    for number in range(5):
        assert not consumer.paused
        value = b"x" * 9_000
        records: Any = [record(number, value)]
        acceptor.offer(Fetched("in", 0, number, number + 1, records, 0))
    assert consumer.paused == {("in", 0)}
    taken: list[int] = []
    while acceptor._inbox:
        batch = acceptor._take()
        taken += [fetched.start for fetched in batch]
        assert sum(fetched.bytes for fetched in batch) <= 20_000
    assert taken == [0, 1, 2, 3, 4]
    assert not consumer.paused
    assert (acceptor._waiting.total(), acceptor._bytes) == (0, 0)


def test_rows_are_rows() -> None:
    """The plain way."""
    rows, rejections, blocks = checked([good(1)])
    assert isinstance(rows[0], Row)
    assert (rejections, len(blocks)) == ([], 1)
    assert checked([]) == ([], [], [])


def waiting(partition: int, start: int, number: int = 20) -> Fetched:
    """A range of records of one byte."""
    records: Any = [record(0, b"x")] * number
    return Fetched("in", partition, start, start + number, records, 0)


def taken(acceptor: Acceptor) -> list[tuple[int, int]]:
    """(partition, start) of the next batch."""
    return [(one.partition, one.start) for one in acceptor._take()]


def test_who_begins_to_wait_is_next() -> None:
    """A quiet partition is not behind what others have waiting, also when they waited first or just had their turn."""
    acceptor = Acceptor(OPTIONS)
    acceptor.consumer = Consumer()  # type: ignore[assignment]
    for partition, start in [*((busy, start) for busy in (0, 1) for start in (0, 20, 40, 60)), (2, 0)]:
        acceptor.offer(waiting(partition, start))
    assert taken(acceptor) == [(0, 0), (1, 0), (2, 0), (0, 20), (1, 20)]
    acceptor.offer(waiting(2, 20))
    acceptor.offer(waiting(3, 0))
    assert set(taken(acceptor)[:2]) == {(2, 20), (3, 0)}


def test_coming_back_is_no_new_beginning() -> None:
    """A partition that has nothing waiting for a moment still waits until the others were given as much."""
    acceptor = Acceptor(replace(OPTIONS, batch_events=1))
    acceptor.consumer = Consumer()  # type: ignore[assignment]
    for fetched in (waiting(0, 0, 50), *(waiting(1, start) for start in (0, 20, 40, 60))):
        acceptor.offer(fetched)
    assert taken(acceptor) == [(0, 0)]
    acceptor.offer(waiting(0, 50))
    assert [taken(acceptor) for _ in range(5)] == [[(1, 0)], [(1, 20)], [(1, 40)], [(0, 50)], [(1, 60)]]


def test_a_slice_is_bounded_by_records_and_bytes() -> None:
    """A large record is alone in its slice; none is left out."""
    sizes = [1, 2, 3, 4, 9, 1, 30, 1, 1, 7]
    records: Any = [record(number, b"x" * size) for number, size in enumerate(sizes)]
    found = [[len(one.value or b"") for one in part] for part in slices(records, 3, 10)]
    assert found == [[1, 2, 3], [4], [9, 1], [30], [1, 1, 7]]
    assert list(slices([], 3, 10)) == []
