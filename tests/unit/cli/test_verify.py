"""Rules of the comparison behind `crmkpi verify`: equal state passes, and every kind of difference is found."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.entries import Entries
from cli.recount import (
    JournalRecord,
    Quarantine,
    Recount,
    Verdict,
    aged,
    check_cells,
    check_documents,
    check_entries,
    outdated,
    restored,
)
from cli.reflected import Reflected, object_of
from cli.verify import summary
from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.settings import TenantBook
from models.validate import validate

EXAMPLE = Path(__file__).parents[3] / "examples" / "events.jsonl"
AS_OF = 1_793_404_800_000  # 2026-10-31


def new() -> Engine:
    """An empty engine."""
    return Engine(TenantBook())


def journal() -> list[JournalRecord]:
    """The example's events as two journal records."""
    lines = EXAMPLE.read_bytes().splitlines()
    found: list[tuple[str, Any]] = []
    for part in (range(25), range(25, len(lines))):
        rows, rejections = validate([RawRecord("t", 0, n, -1, None, lines[n]) for n in part])
        assert not rejections
        found += [(t, decode_block(b)) for t, b in encode_blocks("t", 0, rows, ())]
    return [JournalRecord(offset, t, b, 1_000) for offset, (t, b) in enumerate(found)]


class Counted(Recount):
    """A recount that remembers its entries."""

    def __init__(self, quarantine: Quarantine | None = None) -> None:
        super().__init__(new(), quarantine or Quarantine())
        self.entries: dict[bytes, bytes] = {}

    def batch(self, records: list[JournalRecord]) -> None:
        """Takes a batch."""
        for key, value in self.take(records):
            if value is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = value


def counted(batches: Callable[[list[JournalRecord]], list[list[JournalRecord]]]) -> Counted:
    """A recount that takes the journal in these batches."""
    recount = Counted()
    for batch in batches(journal()):
        recount.batch(batch)
    return recount


def together(records: list[JournalRecord]) -> list[list[JournalRecord]]:
    """One batch."""
    return [records]


def one_by_one(records: list[JournalRecord]) -> list[list[JournalRecord]]:
    """A batch a record."""
    return [[record] for record in records]


def compare(kept: Mapping[bytes, bytes], other: Mapping[bytes, bytes]) -> Verdict:
    """The verdict on two sets of entries."""
    verdict = Verdict()
    with Entries() as entries:
        entries.keep(kept.items())
        entries.count(other.items())
        check_entries(entries.pairs(), lambda tenant: True, verdict, lambda tenant: {})
    return verdict


def test_a_recount_in_other_batches_is_equal() -> None:
    """Facts, identities and cells do not depend on how the journal was cut."""
    verdict = compare(counted(one_by_one).entries, counted(together).entries)

    assert verdict.verified
    assert verdict.facts
    assert verdict.cells


def test_restored_state_has_the_cells_its_facts_make() -> None:
    """First half of verify."""
    verdict = Verdict()
    check_cells(restored(new, counted(one_by_one).entries), ["acme"], verdict)

    assert verdict.verified


def test_a_wrong_cell_is_found_by_both_halves() -> None:
    """It differs from its facts, and from the recount."""
    right = counted(together).entries
    cell, sums = next((key, value) for key, value in right.items() if key.startswith(b"c") and b'"won":' in value)
    wrong = {**right, cell: orjson.dumps({**orjson.loads(sums), "won": 77})}
    halves = Verdict()
    check_cells(restored(new, wrong), ["acme"], halves)

    assert halves.different == 1
    assert compare(wrong, right).different == 1


def test_a_lost_fact_is_found_by_the_recount() -> None:
    """Second half of verify."""
    right = counted(together).entries
    lost = dict(right)
    del lost[next(key for key in right if key.startswith(b"facme\0deal\0") and b"D2" in key)]

    assert not compare(lost, right).verified
    assert "missing" in compare(lost, right).shown[0]


def as_the_release_before(entries: Mapping[bytes, bytes], more: int = 0) -> dict[bytes, bytes]:
    """Entries with money as measures by local day (in UTC), ``more`` too much of each."""
    found = {key: value for key, value in entries.items() if b"\0priced\0" not in key}
    for key in entries.keys() - found.keys():
        _, _, currency, quarter, day = key.decode().split("\0")
        number = sum(orjson.loads(entries[key])[1::2]) + more
        name = f"priced:{currency}:{int(quarter) // 96}"
        cell = f"cacme\0{name}\0\0d{day}".encode()
        number += sum(orjson.loads(found.get(cell, b"{}")).values())
        found[cell] = found[f"cacme\0{name}\0\0q{int(day) * 96}".encode()] = orjson.dumps({name: number})
    return found


def test_money_that_the_release_before_counted_is_compared_by_its_sum() -> None:
    """It is read, too: its documents are the same. What is too much is found."""
    counted_ = counted(together)
    right = counted_.entries
    before = as_the_release_before(right)

    assert [key for key in right if b"\0priced\0" in key]
    assert compare(before, right).verified
    assert not compare(as_the_release_before(right, more=1), right).verified
    old = restored(new, before).documents("acme", AS_OF, live=False)
    assert [doc for doc in old if doc["kpi"] == "unpriced_rate"] == [
        doc for doc in counted_.engine.documents("acme", AS_OF, live=False) if doc["kpi"] == "unpriced_rate"
    ]


def test_forms_that_the_release_before_stored_by_day_are_compared_together() -> None:
    """Of one id and form: when it was begun first, and whether it was sent. Others are compared one by one."""
    counted_ = {b"fa\0form\0v\0f\0q1000": b"[5,false]", b"fa\0form\0v\0f\0q1001": b"[null,true]",
                b"fa\0form\0w\0f\0q1001": b"[7,false]", b"fa\0form\0w\0f\0s1": b"[7,false]"}  # fmt: skip
    others = {key: value for key, value in counted_.items() if b"\0w\0" in key}

    def of_day(value: bytes) -> dict[bytes, bytes]:
        return {**others, b"fa\0form\0v\0f\0d10": value}

    assert compare(of_day(b"[5,true]"), counted_).verified
    assert compare({**of_day(b"[5,false]"), b"fa\0form\0v\0f\0q1001": b"[null,true]"}, counted_).verified
    for wrong in (b"[5,false]", b"[6,true]", b"[null,true]"):
        assert not compare(of_day(wrong), counted_).verified
    for lost in others:
        assert compare({key: value for key, value in counted_.items() if key != lost}, counted_).different == 1


@pytest.mark.parametrize("other", [None, b"[1,1]"])
def test_money_that_is_lost_or_other_is_found(other: bytes | None) -> None:
    """Entry by entry, where no release before has counted."""
    right = counted(together).entries
    key = next(key for key in right if b"\0priced\0" in key)
    wrong = {name: value for name, value in right.items() if name != key} | ({key: other} if other else {})

    assert compare(wrong, right).different == 1


def documents() -> list[dict[str, Any]]:
    """What the example publishes."""
    found = counted(together).engine.documents("acme", AS_OF, live=False, full=True)
    return [orjson.loads(orjson.dumps(doc)) for doc in found]


def test_published_documents_may_be_older_but_not_other() -> None:
    """A document is not written again when only the clock moved; its number must be right all the same."""
    verdict, older = Verdict(), [{**doc, "rev": "1.5", "as_of": "earlier"} for doc in documents()]
    check_documents(older, documents(), verdict)

    assert verdict.verified
    assert verdict.kpis == len(older)


def test_a_wrong_a_missing_and_a_surplus_document_are_three_differences() -> None:
    """Each is named."""
    right, verdict = documents(), Verdict()
    wrong = [{**right[0], "value": 99}, *right[2:], {**right[0], "segment": {"owner": "nobody"}}]
    check_documents(wrong, right, verdict)

    assert verdict.different == 3
    for word in ("value is 99", "is missing", "should not be there"):
        assert any(word in text for text in verdict.shown)


def test_what_could_not_be_compared_is_not_verified() -> None:
    """A note alone is enough."""
    assert not Verdict(notes=["the journal begins at 5"]).verified


def live(engine: Engine, as_of: int, *, full: bool) -> list[dict[str, Any]]:
    """Documents by a running clock."""
    return engine.documents("acme", as_of, live=True, full=full)


@pytest.mark.parametrize(("earlier", "right"), [(5_000, True), (-5_000, True), (-2 * 3_600_000, False)])
def test_a_number_that_goes_on_with_the_clock_is_right_at_its_own_moment(earlier: int, right: bool) -> None:
    """Nothing happened since it was written, so it stands; but every hour it is written again."""
    engine = counted(together).engine
    noon = AS_OF + 12 * 3_600_000
    published, newest = live(engine, noon + earlier, full=True), noon + 30_000
    plainly, aware = Verdict(), Verdict()
    check_documents(published, live(engine, newest, full=True), plainly)
    again = aged(published, live(engine, newest, full=True), newest, lambda at: engine.ageing_documents("acme", at))
    check_documents(published, again, aware)

    assert plainly.different > 0
    assert (aware.different == 0) is right


def test_a_wrong_number_that_goes_on_with_the_clock_is_found() -> None:
    """At its own moment it must be right."""
    engine, verdict = counted(together).engine, Verdict()
    published = live(engine, AS_OF + 5_000, full=True)
    wrong = next(doc for doc in published if doc["kpi"] == "customer_engagement_score" and doc["value"])
    wrong["value"] *= 1.001
    newest = live(engine, AS_OF + 30_000, full=True)
    again = aged(published, newest, AS_OF + 30_000, lambda at: engine.ageing_documents("acme", at))
    check_documents(published, again, verdict)

    assert verdict.different == 1


def test_entries_keep_the_last_of_each_key_and_forget_what_is_gone() -> None:
    """As compaction would leave them."""
    with Entries() as entries:
        entries.keep([(b"fa\0deal\0x", b"1"), (b"fa\0deal\0y", b"2"), (b"fa\0deal\0x", None), (b"fa\0deal\0y", b"3")])
        entries.count([(b"fa\0deal\0y", b"3")])

        assert list(entries.pairs()) == [(b"fa\0deal\0y", b"3", b"3")]


def in_quarantine(offset: int) -> tuple[Quarantine, dict[bytes, bytes]]:
    """One event of the example in quarantine, and the entries of a lane that never took it."""
    quarantine = Quarantine()
    quarantine.load(b"qacme\0t\0" + b"0\0%d" % offset, b'{"error":"KeyError","at":0}')
    lane = Counted(quarantine)
    for record in journal():
        lane.batch([record])
    return quarantine, lane.entries


def test_an_event_in_quarantine_is_in_no_recount_and_is_read_nevertheless() -> None:
    """Only its own facts are missing; how far the input was read is the same, also when it was the last one."""
    last = max(row[0] for record in journal() for row in record.block["rows"])
    _, entries = in_quarantine(last)
    everything = counted(together).entries
    high = b"facme\0high\0t\0" + b"0"

    assert entries[high] == everything[high]
    assert compare(entries, everything).different > 0


def test_settings_of_another_day_are_told_from_the_entries() -> None:
    """No engine needs to be restored for it."""
    with Entries() as entries:
        entries.keep(counted(together).entries.items())

        assert outdated(entries.pairs(), TenantBook()) == set()
        assert outdated(entries.pairs(), TenantBook.from_mapping({"tenant": {"tz": "Europe/Helsinki"}})) == {"acme"}


def reflected(kept: Mapping[bytes, bytes], records: list[JournalRecord]) -> Verdict:
    """Whether these records are in this state."""
    verdict = Verdict()
    objects = {found for key in kept if (found := object_of(key))}
    Reflected(restored(new, kept), objects, Quarantine()).take(records, lambda tenant: True, verdict)
    return verdict


def test_the_rest_of_a_trimmed_journal_is_in_the_state() -> None:
    """Every event that is left must have been counted."""
    kept = counted(together).entries

    assert reflected(kept, journal()[1:]).verified
    assert reflected(kept, journal()).facts == 40


def test_an_event_of_a_trimmed_journal_that_was_never_counted_is_found() -> None:
    """By how far the input was read, and by its identity."""
    first, *rest = journal()
    only_first = Counted()
    only_first.batch([first])
    behind = Counted()
    behind.batch(rest)

    assert "was never counted" in reflected(only_first.entries, rest).shown[0]
    assert reflected(behind.entries, [first]).different == len(first.block["rows"])


def test_a_fact_that_is_gone_is_found_in_a_trimmed_journal_too() -> None:
    """Its event was counted, and the deal is not there."""
    kept = dict(counted(together).entries)
    del kept[next(key for key in kept if key.startswith(b"facme\0deal\0") and b"D2" in key)]

    assert "deal D2 is not among the facts" in reflected(kept, journal()).shown[0]


def test_a_horizon_is_said_and_is_verified() -> None:
    """What came before the journal's beginning is taken from the state."""
    verdict = Verdict(records=7)
    verdict.since(1_790_812_800_000)

    assert verdict.verified
    assert summary(verdict).startswith("verified: all cells equal their facts")
    assert "recounted since 2026-10-01, older facts are taken from the state" in summary(verdict)
