"""Salesforce's API, as a local server that understands the queries it is asked."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.pulled import client, salesforce
from collectors.pulled.page import PullError
from models.salesforce import long_id
from tests.unit.cli.api_server import Asked, Served, serving
from tests.unit.cli.pulling import NOW, Kept, Killed, Place

BEGIN = 1_793_527_200_000  # 2026-11-01T10:00:00Z
OWNER = long_id("005000000000001")
ACCOUNT = long_id("001000000000001")
DAY = 86_400_000


def moment(ms: int) -> str:
    """As Salesforce writes it."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def deal(number: int) -> str:
    """An id of an opportunity."""
    return long_id(f"006{number:012}")


class Org:
    """The records by entity and id."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {
            "Opportunity": {}, "Lead": {}, "Account": {}, "Contact": {}, "OpportunityHistory": {},
        }  # fmt: skip
        self._more: list[dict[str, Any]] = []

    def put(self, entity: str, name: str, at: int, **fields: Any) -> None:
        """A new record, or a change of one; of an opportunity with a row of its history."""
        made = {"Id": name, "CreatedDate": moment(at), "CreatedById": OWNER, "IsDeleted": False}
        row = self.rows[entity].setdefault(name, made)
        row |= {**fields, "SystemModstamp": moment(at)}
        if entity == "Opportunity":
            key = long_id(f"008{len(self.rows['OpportunityHistory']):012}")
            past = {name: row.get(name) for name in ("StageName", "Amount", "CurrencyIsoCode")}
            self.rows["OpportunityHistory"][key] = {"Id": key, "OpportunityId": name, "CreatedDate": moment(at), **past}

    def answer(self, asked: Asked) -> Any:
        """To a request."""
        base = "/services/data/v64.0"
        if match := re.fullmatch(rf"{base}/sobjects/(\w+)/describe", asked.path):
            names = {name for row in self.rows[match[1]].values() for name in row}
            return {"fields": [{"name": name} for name in sorted(names)]}
        if asked.path.startswith(f"{base}/queryAll/more-"):
            return {"done": True, "records": self._more}
        if asked.path != f"{base}/queryAll":
            raise KeyError
        found = self._queried(asked.query["q"])
        if len(found) > 1:  # so that there is always more to come
            self._more = found[1:]
            return {"done": False, "nextRecordsUrl": f"{base}/queryAll/more-1", "records": found[:1]}
        return {"done": True, "records": found}

    def _queried(self, query: str) -> list[dict[str, Any]]:
        match = re.fullmatch(r"SELECT (.+) FROM (\w+) WHERE (.+?)(?: ORDER BY Id LIMIT (\d+))?", query)
        assert match is not None
        fields, rows = match[1].split(", "), self.rows[match[2]].values()
        found = [row for row in rows if self._meets(row, match[3])]
        some = sorted(found, key=lambda row: str(row["Id"]))[: int(match[4] or 2000)]
        return [{name: row.get(name) for name in fields} for row in some]

    def _meets(self, row: dict[str, Any], where: str) -> bool:
        if where.startswith("OpportunityId IN"):
            return f"'{row['OpportunityId']}'" in where
        at = datetime.fromisoformat(row["SystemModstamp"])
        since, until = (datetime.fromisoformat(one) for one in re.findall(r"SystemModstamp >?<?=? ?(\S+)", where))
        last = re.search(r"Id > '(\w+)'", where)
        return since <= at < until and (last is None or str(row["Id"]) > last[1])


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Org:
    """A small one, with pages of two records."""
    monkeypatch.setattr(salesforce, "MOST", 2)
    monkeypatch.setattr(client, "FIRST_S", 0.0)
    found = Org()
    for number in range(1, 6):
        found.put("Opportunity", deal(number), BEGIN, StageName="Prospecting", Amount=100.5, CurrencyIsoCode="EUR",
                  IsWon=False, IsClosed=False, AccountId=ACCOUNT, CloseDate="2026-12-01")  # fmt: skip
    found.put("Account", ACCOUNT, BEGIN, OwnerId=OWNER, BillingCountry="FI")
    found.put("Contact", long_id("003000000000001"), BEGIN, AccountId=ACCOUNT)
    lead = {"OwnerId": OWNER, "LeadSource": "Web", "Email": "a@x.example", "Status": "Open", "IsConverted": True}
    found.put("Lead", long_id("00Q000000000001"), BEGIN, **lead, ConvertedDate="2026-11-01", ConvertedAccountId=ACCOUNT)
    return found


@pytest.fixture
async def served(org: Org) -> AsyncIterator[Served]:
    """Over HTTP."""
    async with serving(org.answer) as found:
        yield found


def place(folder: Path, served: Served, **more: Any) -> Place:
    """The settings."""
    (folder / "token").write_text("secret-token\n")
    own = {"kind": "salesforce", "base_url": served.address, "token_file": str(folder / "token")}
    return Place(folder, **own, **more)


def told(sent: Kept, name: str) -> list[tuple[str, str]]:
    """Type and time of a deal's events, each once."""
    found = [one for one in sent.once().values() if one["data"].get("deal_id") == name]
    return sorted((one["type"].removeprefix("crm.deal."), one["time"]) for one in found)


async def test_a_deal_is_told_with_its_history(tmp_path: Path, org: Org, served: Served) -> None:
    """Every stage at its time, once; the end with its date."""
    org.put("Opportunity", deal(1), BEGIN + DAY, StageName="Closed Won", Amount=120, IsWon=True, IsClosed=True)
    org.put("Opportunity", deal(1), BEGIN + 2 * DAY)  # something else was changed
    sent = Kept()
    found = await place(tmp_path, served).pull(sent)
    assert len(found.refused) == 0
    first, second, third = (f"2026-11-0{n}T10:00:00Z" for n in (1, 2, 3))
    assert told(sent, deal(1)) == [
        ("created", first), ("stage_changed", first), ("stage_changed", second), ("updated", third), ("won", third),
    ]  # fmt: skip
    won = next(one["data"] for one in sent.once().values() if one["type"] == "crm.deal.won")
    assert (won["amount"], won["currency"], won["closed_at"], won["customer_id"]) == (120, "EUR", "2026-12-01", ACCOUNT)
    assert {one.token for one in served.asked} == {"Bearer secret-token"}


async def test_a_lead_keeps_its_address_to_itself(tmp_path: Path, org: Org, served: Served) -> None:
    """A keyed hash, as from anywhere else; converted on its day."""
    sent = Kept()
    await place(tmp_path, served, objects=["Lead"]).pull(sent)
    types = {one["type"]: one for one in sent.once().values()}
    assert types.keys() == {"crm.lead.created", "crm.lead.assigned", "crm.lead.converted", "crm.record.created"}
    assert "x.example" not in str(sent.events)
    assert [one["data"]["source"] for one in sent.events if "email_hash" in one["data"]] == ["Web"]


@pytest.mark.parametrize("page", range(1, 7))
@pytest.mark.parametrize("moment_", ["before", "after"])
async def test_killed_and_cut_and_throttled_it_stays_exact(
    tmp_path: Path, org: Org, served: Served, page: int, moment_: str
) -> None:
    """Everything of a smooth pass is there, each event with one content, although records change meanwhile."""
    served.faults, served.every = [(429, {"retry-after": "0"}), "cut", (503, {}), "cut"] * 2, 3
    here, sent = place(tmp_path, served), Kept(**{moment_: page})
    with pytest.raises(Killed):
        await here.pull(sent)
    org.put("Opportunity", deal(1), NOW + 5_000, StageName="Closed Lost", IsClosed=True)
    org.put("Opportunity", deal(9), NOW + 5_000, StageName="Prospecting", Amount=1, IsWon=False, IsClosed=False)
    org.put("Opportunity", deal(2), NOW + 6_000, IsDeleted=True)
    await here.pull(sent, now=NOW + 90_000)
    again = await here.pull(sent, now=NOW + 300_000)
    assert again.sent == 0
    smooth = Kept()
    (tmp_path / "other").mkdir()
    await place(tmp_path / "other", served).pull(smooth, now=NOW + 300_000)
    assert smooth.once().keys() <= sent.once().keys()
    assert ("deleted", "2026-11-28T10:00:06Z") in told(sent, deal(2))


async def test_an_answer_that_leads_elsewhere_is_not_followed(tmp_path: Path, org: Org, served: Served) -> None:
    """The token would go there."""

    def answer(asked: Asked) -> Any:
        found = org.answer(asked)
        return {"done": False, "nextRecordsUrl": "@evil.example/", "records": []} if "q" in asked.query else found

    served.answer = answer
    with pytest.raises(PullError, match="leads elsewhere"):
        await place(tmp_path, served).pull(Kept())
