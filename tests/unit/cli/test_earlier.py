"""States of the release before beside a recount of this build: `verify` knows both forms of a fact."""

from collections.abc import Iterable
from itertools import chain

import orjson
import pytest

from cli.earlier import renewed
from cli.entries import Entries, Entry
from cli.recount import Verdict, check_entries
from kpis.engine import Engine
from kpis.identity.pseudonyms import pseudonym
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.settings import TenantBook
from models.validate import validate

T = "acme"
AT = 1_790_000_000_000


def event(number: int, type_: str, data: dict[str, object]) -> bytes:
    """One of the tenant's."""
    body = {"id": f"e-{number}", "source": "/s", "type": type_, "time": "2026-09-21T10:00:00Z", "tenantid": T}
    return orjson.dumps({**body, "data": data})


EVENTS: list[tuple[str, dict[str, object]]] = [
    ("crm.page.viewed", {"anonymous_id": "v-1", "url": "https://x/a", "session_id": "s-1", "click_id": "k-1"}),
    ("crm.link.clicked", {"anonymous_id": "v-1", "link_url": "https://x/b", "click_id": "k-1"}),
    ("crm.form.started", {"anonymous_id": "v-1", "form_id": "f", "session_id": "s-1"}),
    ("crm.form.submitted", {"anonymous_id": "v-1", "form_id": "f", "session_id": "s-1", "click_id": "k-1"}),
    ("crm.form.started", {"anonymous_id": "v-1", "form_id": "without a session"}),
    ("crm.email.delivered", {"message_id": "m-1", "customer_id": "c-1", "recipient_hash": "h-1"}),
    ("crm.email.clicked", {"message_id": "m-1", "recipient_hash": "h-1", "traits": {"country": "FI"}}),
]
EVENTS += [("crm.deal.updated", {"deal_id": "D", "stage": f"{n} " + "x" * 150}) for n in range(300)]


@pytest.fixture(scope="module")
def entries() -> dict[bytes, bytes]:
    """What this build stores of these events."""
    engine = Engine(TenantBook())
    records = [RawRecord("t", 0, n, AT, None, event(n, *told)) for n, told in enumerate(EVENTS)]
    rows, refused = validate(records)
    assert not refused
    for tenant, block in encode_blocks("t", 0, rows, []):
        engine.apply(decode_block(block), tenant, AT)
    return {key: value for key, value in engine.finish().entries if value is not None}


def earlier(entries: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """The same as the release before stored it: ids as they were told, lists whole."""
    told = {
        pseudonym(T, f"{'m-1'}\0h-1"): "h-1", **{pseudonym(T, one): one for one in ("s-1", "k-1", "m-1")}
    }  # fmt: skip
    found: dict[bytes, bytes] = {}
    deals = [orjson.loads(entries[key]) for key in sorted(entries, key=_number) if key.startswith(b"facme\0deal")]
    for key, value in entries.items():
        if key.startswith(b"facme\0deal+"):
            continue
        for new, old in told.items():
            key = key.replace(new.encode(), old.encode())
            value = value.replace(orjson.dumps(new)[1:-1], old.encode()).replace(new.encode(), old.encode())
        found[key] = orjson.dumps([*chain(*deals)]) if key.startswith(b"facme\0deal\0") else value
    return found


def _number(key: bytes) -> int:
    return int(key.rpartition(b"\0")[2]) if key.startswith(b"facme\0deal+") else 0


def differences(kept: Iterable[Entry], counted: Iterable[Entry]) -> Verdict:
    """What `verify` finds."""
    verdict = Verdict()
    with Entries() as both:
        both.keep(kept)
        both.count_once()
        both.renew()
        both.count(counted)
        check_entries(both.pairs(), lambda tenant: True, verdict, lambda tenant: {})
    return verdict


def test_what_this_build_writes_is_left_alone(entries: dict[bytes, bytes]) -> None:
    """Nothing is an earlier build's; and the events above have entries of all the kinds in question."""
    assert [key for key, value in entries.items() if renewed(key, value)] == []
    assert {b"touch", b"click", b"form", b"message", b"conversion", b"deal+", b"attributes"} <= {
        key[1:].split(b"\0")[1] for key in entries
    }


def test_a_state_of_the_release_before_equals_the_recount(entries: dict[bytes, bytes]) -> None:
    """Entry by entry, whatever of it has been written anew since."""
    old = earlier(entries)
    assert sum(old.get(key) != value for key, value in entries.items()) > 8
    assert differences(old.items(), entries.items()).shown == []
    anew = [key for key in entries if key in old and not key.startswith(b"facme\0deal")]  # a list is written anew whole
    for half in (anew[::2], anew[1::2]):
        assert differences({**old, **{key: entries[key] for key in half}}.items(), entries.items()).shown == []


def test_what_differs_is_found_all_the_same(entries: dict[bytes, bytes]) -> None:
    """A lost entry, another value, and a message that stands under both of its names."""
    old = earlier(entries)
    message = next(key for key in old if key.startswith(b"facme\0message\0m-1"))
    (new, value), *_ = renewed(message, old[message]) or []
    for wrong in ({**old, message: b"[]"}, {key: v for key, v in old.items() if key != message}, {**old, new: value}):
        assert differences(wrong.items(), entries.items()).different == 1
