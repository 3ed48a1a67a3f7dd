"""The table of kinds of facts: it agrees with itself, and every kind reads what the build before it stored."""

from typing import Any, Final

import orjson
import pytest

from kpis.contributions.groups import JOINT_GROUPS
from kpis.engine import Engine
from kpis.intake.kinds import CODECS, KINDS, LISTS, TABLES
from kpis.slices import finish
from kpis.state.stored import fact_bytes, fact_key
from kpis.tenant.retractions import PERSON_GROUPS, SEGMENTED_GROUPS, SUBJECT_GROUPS
from models.tenants import TenantBook

AT: Final = 1_780_272_000_000  # 2026-06-01, ms
OWN: Final = ["source=web", "campaign=unknown", "country=FI"]
# What the release before facts were named tuples stored: name, JSON.
STORED: Final[dict[str, tuple[Any, Any]]] = {
    "deal": ("d", [
        [AT, "created", "/a", "e0", {"stage": "demo", "amount": 500, "currency": "EUR", "traits": {"tier": "a"}}],
        [AT + 9, "stage_changed", "/a", "e1", {"to_stage": "offer", "version": 2, "closed_at": "2026-06-01"}, True],
    ]),
    "order": ("o", [[AT, "completed", "/a", "e0", {"amount": 5000, "currency": "EUR", "tax": 900}]]),
    "subscription": ("s", [
        [AT, AT, "/a", "e0", "started", 1000, "EUR"], [AT + 9, AT, "/a", "e1", "cancelled", None, None],
        ["2026-07-01", AT, "/a", "e2", "changed", 900, "EUR"],
    ]),
    "contract": ("k", [[AT, "/a", "e0", "due", {"due_at": AT + 9, "amount": 1, "currency": "EUR"}],
                       [AT, "/a", "e1", "due", {"due_at": "2026-07-01", "amount": 1, "currency": "EUR"}]]),
    "message": ("\x7fW5Sxf8rYCHeg\0", [[1, AT, OWN], [4, AT + 9, OWN]]),
    "ticket": ("ticket:t", [[AT, "opened", "/a", "e0", None], [AT + 9, "resolved", "/a", "e1", 3600]]),
    "record": ("record:r\0task", [[AT, "created", "/a", "e0", True]]),
    "lead": ("lead:l", [[AT, "created", "/a", "e0", None], [AT + 9, "converted", "/a", "e1", "d"]]),
    "customer": ("customer:c", [[AT, "/a", "e0", "created", "web"], [AT + 9, "/a", "e1", "churned", None]]),
    "answers": ("user:u", [[AT, "/a", "e0", "survey", 9], [AT + 9, "/a", "e1", "survey", 5, "1-5"],
                            [AT, "/a", "e2", "survey", 9, None, "\x7fW5Sxf8rYCHeg"]]),
    "scores": ("user:u", [[AT, "/a", "e0", "effort", "1~7", 3_000_000],
                           [AT, "/a", "e1", "csat", "1~5", 3_000_000, "s\0\x7fW5Sxf8rYCHeg"]]),
    "signup": ("user:u", AT),
    "signin": ("user:u", AT),
    "attributes": ("customer:c", {"source": [AT, "/a", "e0", "web"]}),
    "owner": ("order:o", [AT, "/a", "e0", "customer:c"]),
    "link": (("customer:c", "user:u"), [[AT, "/a", "e0"], [[AT, "e1", "/a"], True], None]),
    "erased": ("89220e5a1b932310656065a7", [[AT, "user:erased-1"], [AT + 9, None]]),
    "touch": (("user:u", 0), [[AT << 12, AT << 12 | 1 << 4], [None, None], ["/pricing", None]]),
    "form": ("user:u\0f\0q1978080", [AT, False]),
    "click": ("\x7fihG8OFqMiodw", [AT, "/a", "e0", "user:u", OWN]),
    "conversion": ("user:u\x00644", [[AT, None], [AT + 9, "\x7fihG8OFqMiodw"]]),
    "marketing": (("user:u", 0), [[AT << 12], [["web", "unknown", "crm.form.submitted"]], [None]]),
    "contact": (("user:u", 0), [[AT << 12 | 4], ["d"], [None]]),
    "late": ("user:u\x0020605", [
        [AT, "crm.customer.created"], [AT, "crm.survey.answered:effort", "scale=1-7"], [AT, "crm.order.completed", OWN],
        [AT, "crm.survey.answered:csat", "scale=1-5", OWN],
    ]),
    "cost": ("ads", [[AT, "/a", "e0", {"amount": 9, "currency": "EUR", "purpose": "acquisition"}, False]]),
    "rate": (("EUR", "SEK", 20605), [AT, "/a", "e0", "11.5"]),
    "rate_undated": (("EUR", "SEK", 1978080), [AT, "/a", "e0", "11.5"]),
    "target": ("win_rate\0month\0", [[AT, "/a", "e0", "0.4"], [AT + 9, "/a", "e1", None]]),
    "values": (("source", 0), ["source=mail", "source=web"]),
}  # fmt: skip


def restored() -> Engine:
    """An engine of all that is stored, and of the salt of erasures."""
    engine = Engine(TenantBook())
    for kind, (name, stored) in STORED.items():
        engine.load(fact_key("t", kind, *CODECS[kind].text(name)), orjson.dumps(stored))
    engine.load(fact_key("t", "erased", ""), b'["salt"]')
    finish(engine.restored())
    return engine


def test_there_is_an_entry_of_every_kind() -> None:
    """A new one needs one, too."""
    assert STORED.keys() == CODECS.keys()


@pytest.mark.parametrize("kind", STORED)
def test_what_was_stored_is_read_and_stored_again_as_it_was(kind: str) -> None:
    """To the byte."""
    name, stored = STORED[kind]
    assert fact_bytes(restored().state("t").tenant, kind, name) == orjson.dumps(stored)
    assert fact_bytes(restored().state("t").tenant, "erased", "") == b'["salt"]'


def test_facts_have_named_fields_after_a_restart() -> None:
    """Those of lists and tables, but for single instants and what people and links are made of."""
    tenant = restored().state("t").tenant
    for kind in TABLES.keys() - {"signup", "signin", "attributes", "owner"}:
        (held,) = TABLES[kind].table(tenant).values()
        for fact in held if kind in LISTS else [held]:
            assert hasattr(fact, "_fields"), kind


def test_further_entries_of_a_list_are_read_like_the_first() -> None:
    """Also where they come before it."""
    engine = Engine(TenantBook())
    name, (first, second) = STORED["deal"]
    engine.load(fact_key("t", "deal+", name, "1"), orjson.dumps([second]))
    engine.load(fact_key("t", "deal", name), orjson.dumps([first]))
    finish(engine.restored())
    assert [event.late for event in engine.state("t").tenant.deals["d"]] == [False, True]


def test_an_event_type_has_one_handler() -> None:
    """Of all kinds of facts that it makes, which takes events of robots for all of these or for none."""
    handled: dict[str, set[Any]] = {}
    for kind in KINDS:
        for entity in kind.events:
            handled.setdefault(entity, set()).add((kind.handler, kind.takes_bots))
    assert [entity for entity, found in handled.items() if len(found) > 1] == []


def test_every_group_has_one_contribution() -> None:
    """That of its row, or of the table of joint groups; what is said of groups elsewhere is of such groups."""
    own = {kind.name for kind in KINDS if kind.contribution is not None}
    assert own.isdisjoint(JOINT_GROUPS)
    named = {*SUBJECT_GROUPS, *PERSON_GROUPS, *SEGMENTED_GROUPS, *(one for kind in KINDS for one in kind.companions)}
    assert named <= own | JOINT_GROUPS.keys()
    assert {kind.name for kind in KINDS if kind.parts is not None} <= own & LISTS.keys()
