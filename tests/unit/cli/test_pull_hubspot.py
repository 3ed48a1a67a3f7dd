"""HubSpot's API, as a local server: changes between passes, faults, kills; and its webhooks beside it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from collectors.arrived import Arrived
from collectors.pulled import client, hubspot
from collectors.server.intake import Origin, envelope
from collectors.webhooks.crm.hubspot import PROVIDER
from tests.unit.cli.api_server import Asked, Served, serving
from tests.unit.cli.pulling import NOW, Kept, Killed, Place

BEGIN = 1_793_527_200_000  # 2026-11-01T10:00:00Z
DAY = 86_400_000


def moment(ms: int) -> str:
    """As HubSpot writes it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Portal:
    """Deals, contacts and companies, each with the history of its properties."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, dict[str, Any]]] = {"deals": {}, "contacts": {}, "companies": {}}
        self.links: dict[tuple[str, int], list[dict[str, Any]]] = {}
        self.archived: list[dict[str, Any]] = []

    def put(self, kind: str, number: int, at: int, **values: str) -> None:
        """A new object, or a change of one, at a time (ms)."""
        new = {"created": at, "past": {}}
        one = self.objects[kind].setdefault(number, new)
        one["changed"] = at
        for name, value in values.items():
            one["past"].setdefault(name, []).insert(
                0, {"value": value, "timestamp": moment(at), "sourceType": "CRM_UI"}
            )

    def answer(self, asked: Asked) -> Any:
        """To a request."""
        parts = asked.path.strip("/").split("/")
        match parts:
            case ["crm", "v3", "objects", kind, "search"]:
                return {"results": self._found(self.objects[kind], asked.body)}
            case ["crm", "v3", "objects", kind, "batch", "read"]:
                wanted = [int(one["id"]) for one in asked.body["inputs"]]
                return {"results": [self._told(kind, n, asked.body["propertiesWithHistory"]) for n in wanted]}
            case ["crm", "v4", "associations", "deals", other, "batch", "read"]:
                return {"results": [
                    {"from": one, "to": self.links[other, int(one["id"])]}
                    for one in asked.body["inputs"] if (other, int(one["id"])) in self.links
                ]}  # fmt: skip
            case ["crm", "v3", "objects", "deals"] if asked.query["archived"] == "true":
                start = int(asked.query.get("after", 0))
                after = {"paging": {"next": {"after": str(start + 1)}}} if start + 1 < len(self.archived) else {}
                return {"results": self.archived[start : start + 1], **after}
        raise KeyError(asked.path)

    def _found(self, objects: dict[int, dict[str, Any]], asked: dict[str, Any]) -> list[dict[str, str]]:
        between, *last = asked["filterGroups"][0]["filters"]
        after = int(last[0]["value"]) if last else 0
        found = [
            n for n, one in objects.items() if between["value"] <= one["changed"] <= between["highValue"] and n > after
        ]
        return [{"id": str(n)} for n in sorted(found)[: asked["limit"]]]

    def _told(self, kind: str, number: int, names: list[str]) -> dict[str, Any]:
        one = self.objects[kind][number]
        return {
            "id": str(number), "createdAt": moment(one["created"]), "updatedAt": moment(one["changed"]),
            "properties": {"hs_object_source": "CRM_UI"},
            "propertiesWithHistory": {name: past for name, past in one["past"].items() if name in names},
        }  # fmt: skip


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Portal:
    """A small one, with pages of two objects."""
    monkeypatch.setattr(hubspot, "MOST", 2)
    monkeypatch.setattr(client, "FIRST_S", 0.0)
    found = Portal()
    for number in range(1, 6):
        found.put("deals", number, BEGIN, dealstage="appointmentscheduled", amount="100.50", deal_currency_code="EUR")
    found.put("companies", 900, BEGIN, lifecyclestage="customer", country="FI")
    found.put("contacts", 70, BEGIN, lifecyclestage="lead", associatedcompanyid="900")
    found.links["companies", 1] = [
        {"toObjectId": 900, "associationTypes": [{"typeId": 5}, {"typeId": 341}]},
        {"toObjectId": 901, "associationTypes": [{"typeId": 341}]},
    ]
    found.links["contacts", 1] = [{"toObjectId": 70, "associationTypes": [{"typeId": 3}]}]
    return found


@pytest.fixture
async def served(portal: Portal) -> AsyncIterator[Served]:
    """Over HTTP."""
    async with serving(portal.answer) as found:
        yield found


def place(folder: Path, served: Served, **more: Any) -> Place:
    """The settings."""
    (folder / "token").write_text("secret-token\n")
    own = {"kind": "hubspot", "base_url": served.address, "token_file": str(folder / "token")}
    return Place(folder, **own, **more)


def types(sent: Kept, **ids: str) -> list[tuple[str, str]]:
    """Type and time of the events with these ids, each event once."""
    found = [one for one in sent.once().values() if ids.items() <= one["data"].items()]
    return sorted((one["type"], one["time"]) for one in found)


async def test_a_deal_is_told_with_its_history(tmp_path: Path, portal: Portal, served: Served) -> None:
    """Every stage at its time, the amount in the currency it had then, company and contact, the end."""
    won = BEGIN + 86_400_000
    portal.put("deals", 1, won, dealstage="closedwon", hs_is_closed_won="true", amount="120")
    sent = Kept()
    found = await place(tmp_path, served).pull(sent)
    assert len(found.refused) == 0
    at, end = "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"
    assert types(sent, deal_id="1") == [
        ("crm.deal.created", at), ("crm.deal.created", end), ("crm.deal.stage_changed", at),
        ("crm.deal.stage_changed", end), ("crm.deal.updated", at), ("crm.deal.updated", at),
        ("crm.deal.updated", end), ("crm.deal.updated", end), ("crm.deal.won", end),
    ]  # fmt: skip
    data = [one["data"] for one in sent.once().values() if one["data"].get("deal_id") == "1"]
    assert {"amount": "100.50", "currency": "EUR", "deal_id": "1", "version": BEGIN} in data
    assert {"amount": "120", "currency": "EUR", "deal_id": "1", "version": won} in data
    assert {"customer_id": "900", "deal_id": "1", "version": won} in data
    assert types(sent, customer_id="900", contact_id="70") == [("crm.identity.identified", at)]
    assert {one.token for one in served.asked} == {"Bearer secret-token"}


async def test_between_passes_only_what_is_new_is_sent(tmp_path: Path, portal: Portal, served: Served) -> None:
    """Of an object that has changed, only the change."""
    here, sent = place(tmp_path, served), Kept()
    await here.pull(sent)
    before = len(sent.events)
    assert (await here.pull(sent, now=NOW + 60_000)).sent == 0
    portal.put("deals", 2, NOW + 30_000, dealstage="qualifiedtobuy")
    found = await here.pull(sent, now=NOW + 180_000)
    assert found.sent == len(sent.events) - before == 1
    assert sent.events[-1]["data"] == {"deal_id": "2", "to_stage": "qualifiedtobuy", "version": NOW + 30_000}
    portal.archived = [{"id": str(n), "archivedAt": moment(NOW + 200_000)} for n in (3, 4)]
    await here.pull(sent, now=NOW + 400_000)
    assert sorted(one["data"]["deal_id"] for one in sent.once().values() if one["type"] == "crm.deal.deleted") == [
        "3",
        "4",
    ]


@pytest.mark.parametrize("page", range(1, 7))
@pytest.mark.parametrize("moment_", ["before", "after"])
async def test_killed_and_cut_and_throttled_it_stays_exact(
    tmp_path: Path, portal: Portal, served: Served, page: int, moment_: str
) -> None:
    """The same events as in one smooth pass, each with one content, although objects change meanwhile."""
    served.faults, served.every = [(429, {"retry-after": "0"}), "cut", (502, {}), "cut"] * 2, 3
    here, sent = place(tmp_path, served), Kept(**{moment_: page})
    with pytest.raises(Killed):
        await here.pull(sent)
    portal.put("deals", 1, NOW + 5_000, dealstage="closedlost", hs_is_closed_lost="true")
    portal.put("deals", 9, NOW + 5_000, dealstage="closedlost")
    await here.pull(sent, now=NOW + 90_000)
    await here.pull(sent, now=NOW + 300_000)
    smooth = Kept()
    (tmp_path / "other").mkdir()
    await place(tmp_path / "other", served).pull(smooth, now=NOW + 300_000)
    # The version in which its company was seen first is the one difference a kill may make.
    fixed = {name for name in smooth.once() if "-company-" not in name and "-contact-" not in name}
    assert fixed <= sent.once().keys()
    assert {name for name in sent.once() if "-company-" not in name and "-contact-" not in name} == fixed


async def test_a_broken_field_loses_no_other(tmp_path: Path, portal: Portal, served: Served) -> None:
    """It is named, and becomes a dead letter."""
    portal.put("deals", 1, BEGIN + 1, amount="1.0123456789", dealstage="x")
    sent = Kept()
    found = await place(tmp_path, served).pull(sent)
    assert len(found.refused) == len(sent.letters) == 1
    assert "1.0123456789" in sent.letters[0].decode()
    assert ("crm.deal.stage_changed", "2026-11-01T10:00:00.001Z") in types(sent, deal_id="1")


async def test_it_says_what_the_webhooks_would(tmp_path: Path, portal: Portal, served: Served) -> None:
    """Type, time and data are the same; ids are not, as HubSpot's of a notice are in no object."""
    portal.put("deals", 1, BEGIN + 5, dealstage="closedwon", amount="7", hubspot_owner_id="3")
    sent = Kept()
    await place(tmp_path, served, objects=["deals"]).pull(sent)
    told = [
        {"subscriptionType": "deal.propertyChange", "objectId": 1, "propertyName": name, "propertyValue": value,
         "occurredAt": BEGIN + 5, "eventId": number, "subscriptionId": 1}
        for number, (name, value) in enumerate([("dealstage", "closedwon"), ("amount", "7"), ("hubspot_owner_id", "3")])
    ]  # fmt: skip
    made = {"subscriptionType": "deal.creation", "objectId": 1, "occurredAt": BEGIN, "eventId": 9, "subscriptionId": 1}
    told.append({**made, "changeSource": "CRM_UI"})
    url = "https://c.example/v1/webhooks/hubspot/crm?currency=EUR"
    reading = PROVIDER.read(Arrived("POST", url, {}, orjson.dumps(told), NOW))
    assert reading.bad == []
    pulled = [(one["type"], one["time"], one["data"]) for one in sent.once().values()]
    assert all((one.type, one.time, one.data) in pulled for _, one in reading.events)


OF_EVENTS = ("received", "duplicate_rate", "conflict_rate", "invalid_rate", "rejected_rate", "late_rate", "bot_rate",
             "unpriced_rate")  # fmt: skip


async def test_numbers_are_those_of_the_webhooks(tmp_path: Path, portal: Portal, served: Served) -> None:
    """All KPIs but those that count events."""
    lives: list[tuple[int, int, dict[str, str]]] = [
        *((number, BEGIN, {"dealstage": "appointmentscheduled", "amount": "100.50"}) for number in range(1, 6)),
        (1, BEGIN + DAY, {"dealstage": "closedwon", "hs_is_closed_won": "true", "amount": "120"}),
        (2, BEGIN + DAY, {"dealstage": "closedlost", "hs_is_closed_lost": "true"}),
        (3, BEGIN + 2 * DAY, {"dealstage": "qualifiedtobuy"}),
    ]
    portal.links.clear()
    told = [{"subscriptionType": "deal.creation", "objectId": n, "occurredAt": BEGIN, "eventId": n, "subscriptionId": 1}
            for n in range(1, 6)]  # fmt: skip
    for number, at, values in lives:
        if at > BEGIN:
            portal.put("deals", number, at, **values)
        told += [
            {"subscriptionType": "deal.propertyChange", "objectId": number, "propertyName": name, "occurredAt": at,
             "propertyValue": value, "eventId": 100 * number + place, "subscriptionId": at - BEGIN}
            for place, (name, value) in enumerate(values.items())
        ]  # fmt: skip
    sent = Kept()
    await place(tmp_path, served, objects=["deals"]).pull(sent)
    url = "https://c.example/v1/webhooks/hubspot/crm?currency=EUR"
    reading = PROVIDER.read(Arrived("POST", url, {}, orjson.dumps(told), NOW))
    origin = Origin("acme", "/webhooks/hubspot/crm")
    hooked = [envelope(one, origin, one.time or "") for _, one in reading.events]
    assert _numbers(tmp_path / "pull.jsonl", sent.events) == _numbers(tmp_path / "hook.jsonl", hooked)


def _numbers(file: Path, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    file.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in events))
    result = CliRunner().invoke(app, ["compute", str(file), "--as-of", "2026-11-28", "--json"])
    assert result.exit_code == 0, result.stderr
    rows = [one for one in orjson.loads(result.stdout) if one["kpi"] not in OF_EVENTS]
    assert len(rows) > 1000
    return [{name: value for name, value in one.items() if name != "rev"} for one in rows]
