"""What operators do: dead letters, verification, and who may."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from dashboard import shapes
from dashboard.letters import AT_ONCE
from dashboard.ports import OpenLetter
from models.serving import ServeToken
from tests.unit.dashboard.rig import NOW, MemoryLetters, MemoryVerifier, Rig

V1 = "/api/v1"
LOOK, ACT, ALL = "look-0123456789abcd", "act-0123456789abcdef", "all-0123456789abcdef"
TOKENS = (
    ServeToken(token=SecretStr(LOOK), tenants=("acme",)),
    ServeToken(token=SecretStr(ACT), tenants=("acme",), role="act"),
    ServeToken(token=SecretStr(ALL), tenants=("*",), role="act"),
)


def letter(number: int, tenant: str = "acme", reason: str = "missing_field", **fields: Any) -> OpenLetter:
    """One of a topic."""
    found = OpenLetter(f"crm.costs.v1/0/{number}", NOW + number, tenant, "accept", reason, "data.amount", "is missing")
    return found._replace(**fields)


@pytest.fixture
def letters() -> MemoryLetters:
    """Of three kinds, two tenants."""
    return MemoryLetters(
        letter(1),
        letter(2),
        letter(3, reason="id_conflict", field=""),
        letter(4, "other"),
        letter(5, reason="not_json"),
    )


@pytest.fixture
def verifier() -> MemoryVerifier:
    """Nothing runs."""
    return MemoryVerifier()


@pytest.fixture
async def client(letters: MemoryLetters, verifier: MemoryVerifier) -> AsyncIterator[httpx.AsyncClient]:
    """On this machine, without tokens."""
    async with Rig(letters=letters, verifier=verifier).client() as made:
        yield made


@pytest.fixture
def guarded(letters: MemoryLetters, verifier: MemoryVerifier) -> Rig:
    """With tokens."""
    return Rig(TOKENS, letters=letters, verifier=verifier)


def asking(rig: Rig, token: str) -> httpx.AsyncClient:
    """With a token."""
    return rig.client("203.0.113.9", "kpis.example.com", Authorization=f"Bearer {token}")


async def test_letters_come_by_kind_and_one_by_one(client: httpx.AsyncClient) -> None:
    """The newest first; a choice narrows the list, and not the kinds."""
    found = (await client.get(f"{V1}/dead-letters")).json()
    shapes.Letters.model_validate(found)
    assert [one["id"][-1] for one in found["letters"]] == ["5", "4", "3", "2", "1"]
    assert [(one["reason"], one["letters"], one["example"][-1]) for one in found["groups"]] == [
        ("missing_field", 3, "4"), ("not_json", 1, "5"), ("id_conflict", 1, "3"),
    ]  # fmt: skip
    chosen = (await client.get(f"{V1}/dead-letters?reason=missing_field&tenant=acme&limit=1&offset=1")).json()
    assert ([one["id"][-1] for one in chosen["letters"]], chosen["total"]) == (["1"], 2)
    assert len(chosen["groups"]) == 3
    table = (await client.get(f"{V1}/dead-letters?format=csv")).text
    assert table.splitlines()[0] == "id,rejected_at,tenant,topic,stage,reason,field,detail"


async def test_a_letter_is_shown_with_its_event(client: httpx.AsyncClient) -> None:
    """And one that was dealt with is not there."""
    found = (await client.get(f"{V1}/dead-letters/one", params={"id": "crm.costs.v1/0/1"})).json()
    assert (found["value"], found["field"]) == ("{}", "data.amount")
    assert (await client.get(f"{V1}/dead-letters/one?id=crm.costs.v1/0/99")).status_code == 404


async def test_letters_are_sent_again_or_discarded(letters: MemoryLetters, client: httpx.AsyncClient) -> None:
    """By name or by kind; those that cannot be are told, with why."""
    names = ["crm.costs.v1/0/1", "crm.costs.v1/0/3", "crm.costs.v1/0/77"]
    found = (await client.post(f"{V1}/dead-letters/retry", json={"ids": names})).json()
    assert (found["done"], set(found["left"]), found["more"]) == (1, set(names[1:]), 0)
    assert letters.retried == names[:1]
    again = (await client.post(f"{V1}/dead-letters/retry", json={"ids": names[:1]})).json()
    assert (again["done"], list(again["left"])) == (0, names[:1])
    kind = {"topic": "crm.costs.v1", "reason": "missing_field", "field": "data.amount"}
    assert (await client.post(f"{V1}/dead-letters/discard", json=kind)).json()["done"] == 2
    assert sorted(letters.held) == ["crm.costs.v1/0/3", "crm.costs.v1/0/5"]


@pytest.mark.parametrize("body", [{}, {"tenant": "acme"}, {"ids": []}, {"every": True}, [], "x"])
async def test_nothing_is_dealt_with_that_was_not_chosen(client: httpx.AsyncClient, body: Any) -> None:
    """A choice names letters or a kind of them."""
    for what in ("retry", "discard"):
        assert (await client.post(f"{V1}/dead-letters/{what}", json=body)).status_code == 422
    assert (await client.get(f"{V1}/dead-letters")).json()["total"] == 5


async def test_very_many_letters_take_several_requests() -> None:
    """Each says how many are left."""
    letters = MemoryLetters(*(letter(number) for number in range(AT_ONCE + 7)))
    async with Rig(letters=letters).client() as client:
        for done, more in ((AT_ONCE, 7), (7, 0)):
            found = (await client.post(f"{V1}/dead-letters/discard", json={"reason": "missing_field"})).json()
            assert (found["done"], found["more"]) == (done, more)


async def test_a_token_sees_and_deals_with_letters_of_its_tenants(guarded: Rig, letters: MemoryLetters) -> None:
    """Others are not there for it; to deal with them takes the role."""
    async with asking(guarded, LOOK) as client:
        found = (await client.get(f"{V1}/dead-letters")).json()
        assert (found["total"], sum(one["letters"] for one in found["groups"])) == (4, 4)
        assert (await client.get(f"{V1}/dead-letters/one?id=crm.costs.v1/0/4")).status_code == 404
        refused = await client.post(f"{V1}/dead-letters/discard", json={"reason": "not_json"})
        assert (refused.status_code, "role act" in refused.json()["detail"]) == (403, True)
    async with asking(guarded, ACT) as client:
        found = (await client.post(f"{V1}/dead-letters/discard", json={"ids": ["crm.costs.v1/0/4"]})).json()
        assert (found["done"], letters.discarded) == (0, [])
        assert (await client.post(f"{V1}/dead-letters/discard", json={"reason": "missing_field"})).json()["done"] == 2
    assert "crm.costs.v1/0/4" in letters.held


async def test_one_verification_at_a_time(client: httpx.AsyncClient, verifier: MemoryVerifier) -> None:
    """A second press tells of the first; afterwards its result stays."""
    assert (await client.get(f"{V1}/verify")).json() == {"running": None, "last": None}
    first = (await client.post(f"{V1}/verify", json={"tenant": "acme"})).json()
    second = (await client.post(f"{V1}/verify", json={})).json()
    assert first == second
    assert (first["running"]["tenant"], first["running"]["records"], first["running"]["total"]) == ("acme", 10, 100)
    ended = (await client.delete(f"{V1}/verify")).json()
    assert (ended["running"], ended["last"]["problem"]) == (None, "it was cancelled")
    assert verifier.running is None


async def test_a_result_is_for_those_who_may_see_its_tenants(guarded: Rig, verifier: MemoryVerifier) -> None:
    """Others learn whether all is well, and no names."""
    async with asking(guarded, ACT) as client:
        assert (await client.post(f"{V1}/verify", json={})).status_code == 403
        assert (await client.post(f"{V1}/verify", json={"tenant": "other"})).status_code == 403
    async with asking(guarded, LOOK) as client:
        assert (await client.post(f"{V1}/verify", json={"tenant": "acme"})).status_code == 403
        assert (await client.delete(f"{V1}/verify")).status_code == 403
    async with asking(guarded, ALL) as client:
        assert (await client.post(f"{V1}/verify", json={})).json()["running"]["total"] == 100
    async with asking(guarded, ACT) as client:
        assert (await client.delete(f"{V1}/verify")).status_code == 403
    assert verifier.running is not None
    verifier.last = verifier.running._replace(verdict={"verified": False, "differences": ["other: …"]}, ended=NOW)
    verifier.running = None
    for token, told in ((LOOK, False), (ALL, True)):
        async with asking(guarded, token) as client:
            last = (await client.get(f"{V1}/verify")).json()["last"]
            assert (last["verified"], "verdict" in last, "other" in str(last)) == (False, told, told)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://proxied.example"}, 200),  # the browser knows better
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "http://kpis.example.com:8080"}, 200),  # one of serve_hosts, by a proxy that tells another name
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
    ],
)
async def test_no_other_site_can_press_a_button(headers: dict[str, str], code: int) -> None:
    """Not even where everything is open to this machine."""
    sent = {"Content-Type": "application/json", **headers}
    async with Rig(hosts=frozenset({"kpis.example.com"})).client() as client:
        found = await client.post(f"{V1}/verify", content=b'{"tenant":"acme"}', headers=sent)
    assert found.status_code == code
