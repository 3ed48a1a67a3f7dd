"""Alerts over the API: rules, the log, acknowledging, muting, and how often a rule would have been raised."""

from typing import Any, Final

import httpx
import pytest

from alerts import book
from alerts.machine import State
from models.alerting import Rule
from tests.unit.dashboard.rig import NOW, Rig

V1: Final = "/api/v1/acme/alerts"
BODY: Final[dict[str, Any]] = {"kind": "threshold", "kpi": "orders", "window": "today", "below": 3, "to": ["ops"]}


def raised(rig: Rig) -> None:
    """A rule that is raised, as the runner leaves it."""
    rule = Rule.model_validate({**BODY, "id": "few", "tenant": "acme"})
    change = {"at": NOW, "state": "raised", "title": "Alert: Orders", "text": "Orders is 2.", "value": "2"}
    sent = {"about": "few", "change": 1, "id": "msg_1", "channel": "ops", "address": "", "status": "dead",
            "attempts": 9, "error": "answered 500", "done": NOW}  # fmt: skip
    rig.alerts.write(
        book.rule_entry(rule),
        (("state", "acme", "few"), State(raised=True, told=True, changes=1, notices=1).as_json()),
        (("change", "acme", "few", "1"), change),
        (("delivery", "acme", "msg_1"), sent),
    )


async def test_a_rule_is_made_changed_and_deleted(rig: Rig, client: httpx.AsyncClient) -> None:
    made = await client.put(f"{V1}/rules/few", json={**BODY, "for": "10m", "quiet": [{"from": "22:00", "to": "07:00"}]})
    assert made.status_code == 200
    assert (made.json()["for"], made.json()["quiet"]) == (600, [{"from": "22:00", "to": "07:00"}])
    await client.put(f"{V1}/rules/few", json={**BODY, "below": "4.5"})
    (rule,) = (await client.get(V1)).json()["rules"]
    assert (rule["id"], rule["below"], rule["raised"], rule["from_file"]) == ("few", "4.5", False, False)
    assert (await client.delete(f"{V1}/rules/few")).status_code == 204
    assert (await client.get(V1)).json()["rules"] == []
    assert (await client.delete(f"{V1}/rules/few")).status_code == 404


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"kpi": "order"}, "kpi", "no such KPI"),
        ({"window": "tomorrow"}, "window", "Input should be"),
        ({"window": "15m", "segment": {"country": "FI"}}, "window", "no window 15m by segment"),
        ({"to": ["pager"]}, "to", "no channel 'pager' of acme"),
        ({"above": 5}, None, "set either above or below"),
        ({"clear": 1}, "clear", "must not be less than below"),
        ({"for": "soon"}, "for", "must look like 90s"),
    ],
)  # fmt: skip
async def test_a_wrong_rule_is_named(
    client: httpx.AsyncClient, change: dict[str, Any], field: str | None, said: str
) -> None:
    answer = await client.put(f"{V1}/rules/few", json={**BODY, **change})
    assert answer.status_code == 422
    assert answer.json().get("field") == field
    assert said in answer.json()["detail"]


async def test_rules_of_the_file_stay_as_they_are(rig: Rig, client: httpx.AsyncClient) -> None:
    rig.alerts.of_file.append(Rule.model_validate({**BODY, "id": "few", "tenant": "acme"}))
    assert (await client.put(f"{V1}/rules/few", json=BODY)).status_code == 409
    assert (await client.delete(f"{V1}/rules/few")).status_code == 409
    assert (await client.get(V1)).json()["rules"][0]["from_file"] is True


async def test_the_log_says_who_has_seen_it_and_what_became_of_messages(rig: Rig, client: httpx.AsyncClient) -> None:
    raised(rig)
    (one,) = (await client.get(V1)).json()["log"]
    assert (one["rule"], one["number"], one["state"], one["ack"]) == ("few", 1, "raised", None)
    assert one["deliveries"][0]["error"] == "answered 500"
    assert (await client.post(f"{V1}/log/few/1/ack", json={"by": "anna"})).status_code == 204
    (one,) = (await client.get(V1)).json()["log"]
    assert one["ack"] == {"by": "anna", "at": one["at"]}
    assert (await client.post(f"{V1}/log/few/2/ack", json={})).status_code == 404


async def test_a_rule_is_muted_until_then_or_until_it_is_ended(rig: Rig, client: httpx.AsyncClient) -> None:
    raised(rig)
    until = "2026-11-15T08:00:00+02:00"
    assert (await client.post(f"{V1}/rules/few/mute", json={"until": until, "by": "anna"})).status_code == 204
    assert (await client.get(V1)).json()["rules"][0]["muted_until"] == "2026-11-15T06:00:00.000Z"
    assert (await client.post(f"{V1}/rules/few/mute", json={"until": None})).status_code == 204
    assert (await client.get(V1)).json()["rules"][0]["muted_until"] is None
    assert (await client.post(f"{V1}/rules/none/mute", json={"until": None})).status_code == 404
    assert (await client.post(f"{V1}/rules/few/mute", json={"until": "9999-12-31T00:00:00Z"})).status_code == 422


async def test_how_often_it_would_have_been_raised(client: httpx.AsyncClient) -> None:
    found = (await client.post(f"{V1}/preview", json=BODY)).json()
    assert (found["step"], found["exact"], found["buckets"]) == ("day", True, 13)
    assert found["raised"] == [{"bucket": "2026-11-01", "value": "1"}]
    wrong = await client.post(f"{V1}/preview", json={"kind": "lag"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "kind")


async def test_other_tenants_see_nothing_of_it(rig: Rig, client: httpx.AsyncClient) -> None:
    raised(rig)
    other = (await client.get("/api/v1/other/alerts")).json()
    assert (other["rules"], other["log"], other["channels"]) == ([], [], [])
