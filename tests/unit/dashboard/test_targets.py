"""Targets and annotations by the API."""

from typing import Any

import httpx
import orjson
import pytest

from dashboard.kept import MOST_NOTES
from models.record import RawRecord
from models.serving import ServeToken
from models.validate import validate
from tests.unit.dashboard.rig import Rig

V1 = "/api/v1"
LOOK, ACT = "look-" + "a" * 20, "act-" + "b" * 20
TOKENS = [
    ServeToken.model_validate({"token": LOOK, "tenants": ["acme"]}),
    ServeToken.model_validate({"token": ACT, "tenants": ["acme"], "role": "act"}),
]
NOTE: dict[str, Any] = {"day": "2026-11-02", "text": "Spring campaign", "kind": "campaign", "kpis": ["leads"]}


async def test_a_target_is_told_as_an_event(rig: Rig, client: httpx.AsyncClient) -> None:
    """One that workers accept, with what was asked for; withdrawn it has no value."""
    path = f"{V1}/acme/targets/win_rate/month"
    told = await client.put(path + "?segment=owner:anna", json={"value": 0.3})
    assert (told.status_code, told.json()["value"], told.json()["segment"]) == (202, "0.3", {"owner": "anna"})
    assert (await client.delete(path)).json()["value"] is None
    records = [
        RawRecord("crm.costs.v1", 0, n, rig.now, None, orjson.dumps(event))
        for n, event in enumerate(rig.event_sender.sent)
    ]
    rows, rejections = validate(records)
    assert not rejections
    about = {"kpi": "win_rate", "window": "month"}
    assert [(row.tenant, row.type, row.data) for row in rows] == [
        ("acme", "crm.target.set", {**about, "value": "0.3", "segment": {"owner": "anna"}}),
        ("acme", "crm.target.set", {**about, "value": None, "segment": {}}),
    ]
    assert rows[0].id == told.json()["event"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("win_rat/month", {"value": 1}, "did you mean win_rate"),
        ("win_rate/fortnight", {"value": 1}, "window: win_rate has no window 'fortnight'"),
        ("win_rate/today?segment=owner:anna", {"value": 1}, "segment: win_rate has no segment owner"),
        ("win_rate/month?segment=owner", {"value": 1}, "write dimension:value"),
        ("win_rate/month", {"value": "much"}, "value"),
        ("win_rate/month", {"value": "NaN"}, "value"),
        ("win_rate/month", {}, "value"),
    ],
)
async def test_a_wrong_target_is_refused_in_words(
    rig: Rig, client: httpx.AsyncClient, path: str, body: dict[str, Any], words: str
) -> None:
    """And nothing is told."""
    found = await client.put(f"{V1}/acme/targets/{path}", json=body)
    assert found.status_code in (404, 422)
    assert words in found.json()["detail"]
    assert rig.event_sender.sent == []


async def test_targets_are_listed_by_the_worker(rig: Rig, client: httpx.AsyncClient) -> None:
    """With their history; as a table, too."""
    one = {"kpi": "orders", "window": "month", "segment": {}, "value": "100", "by": "file", "history": []}
    rig.worker.answers["targets"] = {"targets": [one]}
    assert (await client.get(f"{V1}/acme/targets")).json() == {"targets": [one]}
    table = (await client.get(f"{V1}/acme/targets?format=csv")).text.splitlines()
    assert table == ["kpi,window,segment,value,by", "orders,month,,100,file"]


async def test_without_kafka_a_target_cannot_be_set(rig: Rig, client: httpx.AsyncClient) -> None:
    """It says so, and when to try again."""
    rig.event_sender.away = True
    found = await client.put(f"{V1}/acme/targets/orders/month", json={"value": 5})
    assert (found.status_code, found.headers["retry-after"]) == (503, "2")


async def test_who_may_only_look_changes_nothing() -> None:
    """Neither targets nor annotations."""
    rig = Rig(tokens=TOKENS)
    await rig.fill()
    target, note = f"{V1}/acme/targets/orders/month", f"{V1}/acme/annotations/spring"
    async with rig.client(authorization=f"Bearer {LOOK}") as looks:
        for found in (
            await looks.put(target, json={"value": 5}), await looks.delete(target),
            await looks.put(note, json=NOTE), await looks.delete(note),
        ):  # fmt: skip
            assert found.status_code == 403
        assert (await looks.get(f"{V1}/acme/annotations")).status_code == 200
    async with rig.client(authorization=f"Bearer {ACT}") as acts:
        assert (await acts.put(target, json={"value": 5})).status_code == 202
        assert (await acts.put(note, json=NOTE)).status_code == 200
        assert (await acts.put(f"{V1}/other/targets/orders/month", json={"value": 5})).status_code == 403
    await rig.parts.streams.close()


async def test_annotations_are_kept_changed_and_deleted(client: httpx.AsyncClient) -> None:
    """Oldest first, each tenant its own."""
    spring, price = f"{V1}/acme/annotations/spring", f"{V1}/acme/annotations/price"
    assert (await client.put(spring, json=NOTE)).json() == {"name": "spring", **NOTE}
    earlier = {"day": "2026-10-01", "text": "9.90 instead of 7.90", "kind": "price"}
    assert (await client.put(price, json=earlier)).json() == {"name": "price", **earlier, "kpis": []}
    assert [one["name"] for one in (await client.get(f"{V1}/acme/annotations")).json()] == ["price", "spring"]
    assert (await client.get(f"{V1}/other/annotations")).json() == []
    for wrong in ({"day": "soon"}, {"kind": "party"}, {"kpis": ["lead"]}, {"text": ""}, {"more": 1}):
        assert (await client.put(spring, json={**NOTE, **wrong})).status_code in (404, 422), wrong
    assert (await client.delete(spring)).status_code == 204
    assert (await client.delete(spring)).status_code == 404


async def test_there_may_be_so_many_annotations(rig: Rig, client: httpx.AsyncClient) -> None:
    """One more is refused."""
    rig.notes.held["acme"] = {str(number): "{}" for number in range(MOST_NOTES)}
    found = await client.put(f"{V1}/acme/annotations/more", json=NOTE)
    assert (found.status_code, f"{MOST_NOTES} annotations" in found.json()["detail"]) == (409, True)
