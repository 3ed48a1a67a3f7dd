"""What is left of a person after an erasure: nothing that was told of them, wherever it was planted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, get_type_hints

import orjson
import pytest

from kpis.engine import Engine
from kpis.pages import PAGES
from models.events import SHAPES
from models.events.common import Common
from models.record import RawRecord, Row
from models.settings import TenantBook
from models.validate import validate
from tests.unit.models.examples import BY_RULE, EXAMPLES

PLANTED: Final = "planted"
REQUEST: Final = "crm.privacy.erasure_requested"
NOW: Final = 1_780_000_000_000
# Business values, which numbers fall in, and references of business records: these stay where counts stay.
KEPT: Final = frozenset(
    {
        "deal_id",
        "order_id",
        "subscription_id",
        "contract_id",
        "ticket_id",
        "record_id",
        "into_deal_id",
        "into_record_id",
    }
    | {"owner_id", "source", "stage", "to_stage", "from_stage", "pipeline", "network", "model", "object", "form_id"}
    | {"survey_id", "currency", "campaign"}
)
IDS: Final = {name: f"{PLANTED}-{name}" for name in ("customer_id", "lead_id", "user_id", "anonymous_id", "contact_id")}
FREE: Final[dict[str, Any]] = {
    "url": f"https://{PLANTED}.example/pricing?mail={PLANTED}@mail.example#{PLANTED}",
    "path": f"/unsubscribe/{PLANTED}@mail.example",
    "referrer": f"https://www.google.fi/?q={PLANTED}",
    "traits": {"country": "FI", "tier": "gold", "email": f"{PLANTED}@mail.example", "name": PLANTED},
    "campaign": {"name": "spring", "source": "google", "term": PLANTED, "content": PLANTED},
    "user_agent": f"Mozilla/5.0 {PLANTED}",
    "comment": f"call me, {PLANTED}",
    "nobody_knows_this_field": PLANTED,
    "items": [{"name": PLANTED}],
}


def told(type_: str) -> dict[str, Any]:
    """An event's data with something planted in every field that takes text."""
    short = type_.removeprefix("crm.")
    data: dict[str, Any] = {**FREE, **IDS}
    for name, hint in get_type_hints(SHAPES.get(short, Common)).items():
        if name not in KEPT and name not in data and "str" in repr(hint) and "Literal" not in repr(hint):
            data[name] = f"{PLANTED}-{name}"
    data |= {k: v for k, v in (EXAMPLES | BY_RULE)[type_].items() if k not in data or k not in IDS}
    for name in ("message_id", "click_id", "session_id", "recipient_hash", "email_hash", "phone_hash"):
        data[name] = f"{PLANTED}-{name}"
    if "winner_id" in data:
        data |= {"winner_id": IDS["customer_id"], "loser_ids": [f"{PLANTED}-loser", f"lead:{IDS['lead_id']}"]}
    return data | {k: v for k, v in FREE.items() if k == "url" or k == "path"}


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
        known = type_ in EXAMPLES or type_ in BY_RULE
        data = told(type_) if known else {**FREE, **IDS, "anything": PLANTED}
        alone = [{k: v for k, v in data.items() if k not in IDS or k == name} for name in IDS]
        needed = [name for name in IDS if name in (EXAMPLES | BY_RULE).get(type_, {})]
        for one in (data, *({**each, **{name: IDS[name] for name in needed}} for each in alone)):
            for late in (False, True):
                records.append(record(len(records), type_, one, late=late))
        records.append(record(len(records), type_, {**data, "machine": True}))
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


class Told:
    """An engine that heard of somebody, with its compacted changelog and all documents."""

    def __init__(self, *, account: bool = False) -> None:
        tenant = {"dimensions": ["tier"], "match_on": ["email_hash", "phone_hash"]}
        self.book = TenantBook.from_mapping({"tenant": tenant | ({"customer_is": "account"} if account else {})})
        self.engine = Engine(self.book)
        self.entries: dict[bytes, bytes] = {}
        self.offset = 0

    def take(self, told: list[Row]) -> None:
        """Count rows as one batch."""
        numbered = [list(row._replace(offset=self.offset + n)) for n, row in enumerate(told)]
        self.offset += len(numbered)
        self.engine.apply({"topic": "x", "partition": 0, "rows": numbered, "refused": []}, "t", NOW)
        for key, value in self.engine.finish().entries:
            self.entries.pop(key, None)
            if value is not None:
                self.entries[key] = value

    def traces(self) -> list[Any]:
        """Where something planted is still to be found."""
        documents = self.engine.documents("t", NOW + 60_000, live=False, full=True)
        found: list[Any] = [(key, value) for key, value in self.entries.items() if PLANTED.encode() in key + value]
        found += [one for one in documents if PLANTED in repr(one)]
        found += [text for text in strings(self.engine) if PLANTED in repr(text)]
        return found + [name for name in PAGES.names if PLANTED in name]


@pytest.mark.parametrize("account", [False, True])
@pytest.mark.parametrize("mode", ["forget", "unpick"])
def test_nothing_planted_is_left(mode: str, account: bool) -> None:
    """Not in any entry, document or memory, when all was told before and when it is told again after the request."""
    person = Told(account=account)
    known = rows()
    person.take(known)
    assert person.traces(), "nothing was planted"
    for number, who in enumerate((("customer_id",), ("lead_id",), ("user_id",), ("anonymous_id",), ("contact_id",))):
        data = {name: IDS[name] for name in who} | {"mode": mode}
        [request], refused = validate([record(10_000 + number, REQUEST, data)])
        assert not refused
        person.take([request._replace(time=NOW)])
    assert person.traces() == []
    again = [row._replace(id=f"{row.id}+", identity=row.identity ^ 1) for row in known]
    person.take(again)
    assert person.engine.recount("t") == []
