"""What is left of a person after an erasure: nothing that was told of them, wherever it was planted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pytest

from kpis.engine import Engine
from kpis.facts.page_paths import PAGES
from kpis.slices import Pace
from models.record import RawRecord, Row
from models.settings import TenantBook
from models.validate import validate
from tests.planted import IDS, PLANTED, REQUEST, told, ways
from tests.unit.models.examples import BY_RULE, EXAMPLES

NOW: Final = 1_780_000_000_000


def record(number: int, type_: str, data: dict[str, Any], *, late: bool = False) -> RawRecord:
    """An event as a producer sends it, on time or a day late."""
    event = {"specversion": "1.0", "id": f"e{number}", "source": "/crm", "type": type_, "tenantid": "t", "data": data}
    event["time"] = datetime.fromtimestamp(NOW // 1000 - number * 60 - late * 86_400, UTC).isoformat()
    return RawRecord("x", 0, number, NOW, None, orjson.dumps(event))


def rows() -> list[Row]:
    """Every type of event with all it can carry, on time, late, with one id only, by a robot."""
    types = [type_ for type_ in (EXAMPLES | BY_RULE) if type_ != REQUEST]
    records: list[RawRecord] = []
    for type_ in [*types, "crm.novel.happened"]:
        for data in ways(type_):
            for late in (False, True):
                records.append(record(len(records), type_, data, late=late))
        records.append(record(len(records), type_, {**told(type_), "machine": True}))
    accepted, refused = validate(records)
    assert not refused, refused[:1]
    return accepted


def strings(root: Any) -> Iterator[str | bytes]:
    """Every text that can be reached from an object."""
    seen, left = {id(root)}, [root]
    while left:
        one = left.pop()
        if isinstance(one, str | bytes):
            yield one
        parts: list[Any] = [*one.keys(), *one.values()] if isinstance(one, dict) else []
        if isinstance(one, list | tuple | set | frozenset) or type(one).__name__ in ("deque", "array"):
            parts += list(one)
        if type(one).__module__.startswith(("kpis", "models")) and not isinstance(one, type):
            slots = [name for cls in type(one).__mro__ for name in getattr(cls, "__slots__", ())]
            parts += [getattr(one, name) for name in slots if hasattr(one, name)]
            parts += list(getattr(one, "__dict__", {}).values())
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                left.append(part)


def book(*, account: bool, matched: bool) -> TenantBook:
    """Settings that decide who is one subject."""
    whose = {"customer_is": "account" if account else "person", "match_on": ["email_hash", "phone_hash"] * matched}
    return TenantBook.from_mapping({"tenant": {"dimensions": ["tier"], **whose}})


class Told:
    """An engine that heard of somebody, with its compacted changelog and all documents."""

    def __init__(self, *, account: bool = False) -> None:
        self.book = book(account=account, matched=True)
        self.engine = Engine(self.book, Pace(units=1_000))
        self.entries: dict[bytes, bytes] = {}
        self.offset = 0

    def take(self, told: list[Row]) -> None:
        """Count rows as one batch."""
        self.apply(told)
        self.finish()

    def apply(self, told: list[Row]) -> None:
        """Count rows in the middle of a batch."""
        numbered = [list(row._replace(offset=self.offset + n)) for n, row in enumerate(told)]
        self.offset += len(numbered)
        self.engine.apply({"topic": "x", "partition": 0, "rows": numbered, "refused": []}, "t", NOW)
        while self.engine.unapplied:
            self.engine.apply_more()

    def finish(self) -> None:
        """End a batch."""
        for key, value in self.engine.finish().entries:
            self.entries.pop(key, None)
            if value is not None:
                self.entries[key] = value

    def traces(self, planted: str = PLANTED) -> list[Any]:
        """Where something planted is still to be found."""
        documents = self.engine.documents("t", NOW + 60_000, live=False, full=True)
        found: list[Any] = [(key, value) for key, value in self.entries.items() if planted.encode() in key + value]
        found += [one for one in documents if planted in repr(one)]
        found += [text for text in strings(self.engine) if planted in repr(text)]
        return found + [name for name in PAGES.names if planted in name]


def requests(mode: str) -> list[Row]:
    """One for each id of the person."""
    records = [record(10_000 + at, REQUEST, {name: IDS[name], "mode": mode}) for at, name in enumerate(IDS)]
    accepted, refused = validate(records)
    assert not refused
    return [row._replace(time=NOW) for row in accepted]


@pytest.mark.parametrize("account", [False, True])
@pytest.mark.parametrize("mode", ["forget", "unpick"])
def test_nothing_planted_is_left(mode: str, account: bool) -> None:
    """Not in any entry, document or memory, whether events came before the request or are resent after it."""
    person = Told(account=account)
    known = rows()
    person.take(known)
    assert person.traces(), "nothing was planted"
    for request in requests(mode):
        person.take([request])
    assert person.traces() == []
    again = [row._replace(id=f"{row.id}+", identity=row.identity ^ 1) for row in known]
    person.take(again)
    assert (person.traces(), person.engine.recount("t")) == ([], [])


@pytest.mark.parametrize("account", [False, True])
@pytest.mark.parametrize("mode", ["forget", "unpick"])
@pytest.mark.parametrize("place", range(len(IDS)), ids=list(IDS))
def test_an_erased_id_that_is_told_beside_others_leaves_nothing(place: int, mode: str, account: bool) -> None:
    """The others, which nobody erased, keep their part of the event."""
    person, erased = Told(account=account), list(IDS.values())[place]
    person.take([requests(mode)[place]])
    person.take(rows())
    assert (person.traces(erased), person.engine.recount("t")) == ([], [])
    assert person.traces(), "nothing of the others is kept"


@pytest.mark.parametrize("account", [False, True])
@pytest.mark.parametrize("mode", ["forget", "unpick"])
@pytest.mark.parametrize("phase", ["copying", "counting", "following"])
def test_nothing_planted_is_left_by_counting_again(phase: str, mode: str, account: bool) -> None:
    """Requests while the tenant under other settings, where other ids are one subject, is on its way."""
    person = Told(account=account)
    known = rows()
    person.take(known[::2])
    person.engine.configure(book(account=not account, matched=False))
    person.engine.step()
    running = person.engine._background.redefining("t")
    assert running is not None
    while phase != "copying" and not (running._copied if phase == "counting" else running.following):
        person.engine.step()
    person.apply(known[1::2])
    for request in requests(mode):
        person.apply([request])
    assert (running._copied, running.following) == (phase != "copying", phase == "following")
    person.finish()
    while person.engine.pending:
        person.engine.step()
        person.finish()
    assert person.engine.state("t").definition == 2
    assert (person.engine.outdated(), person.traces(), person.engine.recount("t")) == ([], [], [])
