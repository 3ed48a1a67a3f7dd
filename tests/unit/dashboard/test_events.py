"""Events as they arrive: what is shown of each, how many at a time, and to whom."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from pydantic import SecretStr, ValidationError

from dashboard import arrived, shapes, tails
from dashboard.arrived import Arrival, counts_in, described
from kpis.catalog import CATALOG
from models.record import BOT, UNKNOWN_TYPE, Refusal, Row
from models.serving import ServeToken
from models.settings import SettingsError, load_settings
from models.tenants import TenantSettings
from tests.unit.dashboard.rig import NOW, MemoryJournal, Rig

TOPIC = "crm.deals.v1"
EVENTS = "/api/v1/acme/events"


def won(offset: int, tenant: str = "acme", **fields: Any) -> Row:
    """A deal that was won, received a second later."""
    data = {"deal_id": f"d-{offset}", "customer_id": "c-1", "amount": 1200_00, "currency": "EUR", "owner": "anna"}
    row = Row(offset, NOW + 1000, tenant, 1, 2, "crm.deal.won", NOW, 0, "/crm", f"e-{offset}", data)
    return row._replace(**fields)


def shown(row: Row | Refusal) -> dict[str, Any]:
    """As the API has it."""
    return described(Arrival(TOPIC, 0, row), TenantSettings())


@pytest.fixture
def rig() -> Rig:
    """Three events of acme, one of them refused, and one of another tenant."""
    made = Rig()
    refused = Refusal(2, NOW, "acme", "missing_field")
    made.journal.write(TOPIC, won(1), refused, won(3), won(4, "other"))
    return made


class Messages:
    """What a stream sends, without its pings."""

    def __init__(self, rig: Rig, tenant: str = "acme") -> None:
        self._source = rig.parts.tails.messages(tenant)

    async def next(self) -> tuple[str, dict[str, Any]]:
        """(event, data) of the next one."""
        async with asyncio.timeout(5):
            async for text in self._source:
                lines = dict(line.split(": ", 1) for line in text.decode().splitlines() if ": " in line)
                if "data" in lines:
                    return lines["event"], orjson.loads(lines["data"])
        raise AssertionError("the stream has ended")

    async def close(self) -> None:
        """The reader goes."""
        assert isinstance(self._source, AsyncIterator)
        await self._source.aclose()  # type: ignore[attr-defined]


async def test_the_newest_come_first(rig: Rig) -> None:
    """Those of the tenant alone."""
    async with rig.client() as client:
        found = (await client.get(EVENTS)).json()
        assert [one["place"] for one in found["events"]] == [f"{TOPIC}/0/{at}" for at in (3, 2, 1)]
        shapes.Events.model_validate(found)
        assert len((await client.get(f"{EVENTS}?limit=1")).json()["events"]) == 1
        table = (await client.get(f"{EVENTS}?format=csv")).text.splitlines()
        assert len(table) == 4
        other = (await client.get("/api/v1/other/events")).json()["events"]
        assert [one["place"] for one in other] == [f"{TOPIC}/0/4"]
    await rig.parts.end_streams()


async def test_nothing_is_kept_by_anybody(rig: Rig) -> None:
    """Events are about people."""
    async with rig.client() as client:
        assert (await client.get(EVENTS)).headers["cache-control"] == "no-store"
    await rig.parts.end_streams()


def test_ids_are_told_and_nothing_else_of_an_event() -> None:
    """No texts, traits, amounts or hashes."""
    data = {
        "customer_id": "c-1", "traits": {"plan": "pro"}, "comment": "call me", "email_hash": "h", "amount": 3,
        "user_id": 7, "order_id": "", "lead_id": ["x"],
    }  # fmt: skip
    found = shown(won(1, data=data))
    assert found["ids"] == {"customer_id": "c-1"}
    assert not {"data", "traits", "comment"} & set(found)
    assert (found["type"], found["source"], found["id"]) == ("crm.deal.won", "/crm", "e-1")


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (won(1), "accepted"),
        (won(1, received=NOW + 600_000), "accepted"),
        (won(1, received=NOW + 600_001), "late"),
        (won(1, flags=BOT, received=NOW + 900_000), "robot"),
        (Refusal(1, -1, "acme", "not_json"), "rejected"),
    ],
)
def test_verdicts(row: Row | Refusal, verdict: str) -> None:
    """Late as the tenant's settings say."""
    assert shown(row)["verdict"] == verdict
    shapes.Event.model_validate(shown(row))


def test_where_events_count() -> None:
    """KPIs specific to a type come before those that use it among many others."""
    assert "closed_won_deals" in counts_in("crm.deal.won", "orders")
    assert counts_in("crm.page.viewed", "orders")[0] == "visitors"
    assert counts_in("crm.survey.answered:nps", "orders")[0] == "net_promoter_score"
    assert counts_in("crm.track.something", "orders") == ("received",)
    assert shown(won(1, flags=BOT))["counts_in"] == ["bot_rate"]
    assert shown(won(1, type="crm.new.type", flags=UNKNOWN_TYPE))["counts_in"] == ["received"]
    assert shown(Refusal(1, -1, "acme", "nul"))["counts_in"] == ["invalid_rate", "rejected_rate"]
    known = {kpi.id for kpi in CATALOG}
    assert {*arrived.REFUSED_IN, *arrived.ROBOTS_IN, *arrived.OTHERS_IN} <= known


async def test_a_stream_tells_what_is_there_and_then_what_comes(rig: Rig) -> None:
    """To each of several readers, over one reader of the journal."""
    first, second = Messages(rig), Messages(rig)
    for one in (first, second):
        name, body = await one.next()
        assert (name, len(body["events"])) == ("recent", 3)
    rig.journal.write(TOPIC, won(5))
    for one in (first, second):
        name, body = await one.next()
        assert (name, body["left_out"]) == ("events", 0)
        assert [event["id"] for event in body["events"]] == ["e-5"]
    assert rig.journal.readers == 1
    await first.close()
    await second.close()
    await rig.parts.end_streams()
    assert rig.journal.readers == 0


async def test_what_a_worker_wrote_twice_is_told_once(rig: Rig) -> None:
    """It has the same offset."""
    reader = Messages(rig)
    await reader.next()
    rig.journal.write(TOPIC, won(3))
    rig.journal.write(TOPIC, won(6))
    assert [event["id"] for event in (await reader.next())[1]["events"]] == ["e-6"]
    await reader.close()
    await rig.parts.end_streams()


async def test_a_flood_is_cut_and_said(rig: Rig) -> None:
    """Twenty of a message; memory holds two hundred."""
    reader = Messages(rig)
    await reader.next()
    rig.journal.write(TOPIC, *(won(at) for at in range(10, 1010)))
    _, body = await reader.next()
    assert (len(body["events"]), body["left_out"]) == (tails.AT_ONCE, 980)
    assert body["events"][0]["id"] == "e-1009"
    assert len(await rig.parts.tails.newest("acme", 1000)) == tails.HELD
    await reader.close()
    await rig.parts.end_streams()


async def test_at_most_four_messages_a_second(rig: Rig) -> None:
    """However often something comes."""
    reader = Messages(rig)
    await reader.next()
    began = asyncio.get_running_loop().time()
    for at in range(10, 14):
        rig.journal.write(TOPIC, won(at))
        await reader.next()
    assert asyncio.get_running_loop().time() - began > 0.9
    await reader.close()
    await rig.parts.end_streams()


async def test_kafka_away_is_said(rig: Rig) -> None:
    """With 503 to a question, with a status on a stream, which goes on when it is back."""
    rig.journal.away = True
    reader = Messages(rig)
    assert await reader.next() == ("status", {"reason": "nothing listens"})
    async with rig.client() as client:
        assert (await client.get(EVENTS)).status_code == 503
    rig.journal.away = False
    assert await reader.next() == ("status", {"reason": None})
    assert (await reader.next())[0] == "recent"
    await reader.close()
    await rig.parts.end_streams()


async def test_too_many_are_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tenants and streams."""
    monkeypatch.setattr(tails, "MOST_TENANTS", 1)
    async with rig.client() as client:
        assert (await client.get(EVENTS)).status_code == 200
        assert (await client.get("/api/v1/other/events")).status_code == 503
        monkeypatch.setattr(tails, "MOST", 0)
        assert (await client.head(f"{EVENTS}/stream")).status_code == 503
    await rig.parts.end_streams()


async def test_nobody_reads_the_journal_when_nobody_looks(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while."""
    monkeypatch.setattr(tails, "IDLE_S", 0.1)
    reader = Messages(rig)
    await reader.next()
    await asyncio.sleep(0.3)
    assert rig.journal.readers == 1
    await reader.close()
    async with asyncio.timeout(5):
        while rig.journal.readers:
            await asyncio.sleep(0.02)


async def test_a_stream_ends_with_the_server(rig: Rig) -> None:
    """It would never end by itself."""
    reader = Messages(rig)
    await reader.next()
    await rig.parts.end_streams()
    with pytest.raises(AssertionError, match="has ended"):
        await reader.next()


async def test_a_token_of_one_tenant_hears_of_no_other() -> None:
    """Neither asked nor streamed."""
    token = "look-0123456789abcd"
    rig = Rig((ServeToken(token=SecretStr(token), tenants=("acme",)),), journal=MemoryJournal())
    async with rig.client(Authorization=f"Bearer {token}") as client:
        assert (await client.get(EVENTS)).status_code == 200
        for path in ("/api/v1/other/events", "/api/v1/other/events/stream"):
            assert (await client.get(path)).status_code == 403
    await rig.parts.end_streams()


async def test_where_to_send_events() -> None:
    """Without any key."""
    for keyed in (False, True):
        async with Rig(collector="https://collect.example/", keyed=keyed).client() as client:
            assert (await client.get("/api/v1/connect")).json() == {
                "collector": "https://collect.example",
                "keys": keyed,
            }


def test_the_collectors_address_is_one() -> None:
    """It stands in lines that people paste."""
    assert load_settings({"serve_collector": "http://127.0.0.1:8082/"}).serve_collector == "http://127.0.0.1:8082/"
    for wrong in ("127.0.0.1:8081", "javascript:alert(1)", 'https://x"; rm', "https://x/$(id)"):
        with pytest.raises((SettingsError, ValidationError), match="serve_collector"):
            load_settings({"serve_collector": wrong})
