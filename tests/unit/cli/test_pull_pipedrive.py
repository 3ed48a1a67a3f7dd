"""Pipedrive's API, as a local server."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.pulled import client, pipedrive
from tests.unit.cli.api_server import Asked, Served, serving
from tests.unit.cli.pulling import NOW, Kept, Killed, Place

BEGIN = 1_793_527_200_000  # 2026-11-01T10:00:00Z
DAY = 86_400_000


def moment(ms: int) -> str:
    """As Pipedrive writes it."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Company:
    """Deals with their logs, and the others."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, dict[str, Any]]] = {"deals": {}, "persons": {}, "organizations": {}}
        self.logs: dict[int, list[dict[str, Any]]] = {}
        self.cursors_end = False

    def put(self, kind: str, number: int, at: int, **fields: Any) -> None:
        """A new object, or a change of one; of a deal with entries in its log."""
        row = self.rows[kind].setdefault(number, {"id": number, "add_time": moment(at), "creator_user_id": 5})
        for name in ("stage_id", "status"):
            if name in row and name in fields:
                told = {"field_key": name, "old_value": str(row[name]), "new_value": str(fields[name])}
                time = moment(at).replace("T", " ").removesuffix("Z")
                self.logs.setdefault(number, []).insert(0, {**told, "time": time})
        row |= {**fields, "update_time": moment(at)}

    def answer(self, asked: Asked) -> Any:
        """To a request."""
        match asked.path.strip("/").split("/"):
            case ["api", "v1", "deals", number, "changelog"]:
                log = self.logs.get(int(number), [])
                start = int(asked.query.get("cursor", 0))
                return {"data": log[start : start + 1], "additional_data": self._next(start, 1, len(log))}
            case ["api", "v2", kind]:
                since, until = asked.query["updated_since"], asked.query["updated_until"]
                last = int(asked.query.get("cursor", 0))
                if last and self.cursors_end:
                    self.cursors_end = False
                    raise KeyError
                found = [n for n, row in self.rows[kind].items() if since <= row["update_time"] <= until and n > last]
                some = sorted(found)[:2]
                more = {"next_cursor": str(some[-1]) if len(found) > 2 else None}
                return {"data": [self.rows[kind][n] for n in some], "additional_data": more}
        raise KeyError

    def _next(self, start: int, size: int, count: int) -> dict[str, Any]:
        return {"next_cursor": str(start + size) if start + size < count else None}


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> Company:
    """A small one."""
    monkeypatch.setattr(client, "FIRST_S", 0.0)
    assert pipedrive.MOST == 100
    found = Company()
    for number in range(1, 6):
        found.put("deals", number, BEGIN, stage_id=1, status="open", value=100.5, currency="EUR", org_id=7, person_id=8)
    found.put("organizations", 7, BEGIN, name="Acme")
    found.put("persons", 8, BEGIN, name="Ann")
    return found


@pytest.fixture
async def served(company: Company) -> AsyncIterator[Served]:
    """Over HTTP."""
    async with serving(company.answer) as found:
        yield found


def place(folder: Path, served: Served, **more: Any) -> Place:
    """The settings."""
    (folder / "token").write_text("secret-token\n")
    own = {"kind": "pipedrive", "base_url": served.address, "token_file": str(folder / "token")}
    return Place(folder, **own, **more)


def told(sent: Kept, name: str) -> list[tuple[str, str]]:
    """Type and time of a deal's events, each once."""
    found = [one for one in sent.once().values() if one["data"].get("deal_id") == name]
    return sorted((one["type"].removeprefix("crm.deal."), one["time"]) for one in found)


@pytest.mark.parametrize("history", [True, False])
async def test_a_deal_is_told_with_its_history(tmp_path: Path, company: Company, served: Served, history: bool) -> None:
    """Every stage at its time, and the end; without the log the last stage, and when it came to it."""
    company.put("deals", 1, BEGIN + DAY, stage_id=2, stage_change_time=moment(BEGIN + DAY))
    won = moment(BEGIN + 2 * DAY)
    company.put("deals", 1, BEGIN + 2 * DAY, status="won", won_time=won, value=120)
    sent = Kept()
    found = await place(tmp_path, served, history=history).pull(sent)
    assert len(found.refused) == 0
    first, second = moment(BEGIN), moment(BEGIN + DAY)
    logged = [("won", won)] if history else []
    assert told(sent, "1") == [("created", first), ("stage_changed", second), *logged, ("won", won)]
    end = [one["data"] for one in sent.once().values() if one["type"] == "crm.deal.won" and "amount" in one["data"]]
    assert end == [{
        "deal_id": "1", "customer_id": "7", "contact_id": "8", "amount": 120, "currency": "EUR", "closed_at": won,
        "version": (BEGIN + 2 * DAY) * 1000,
    }]  # fmt: skip
    assert "Ann" not in str(sent.events)


@pytest.mark.parametrize("page", range(1, 6))
@pytest.mark.parametrize("moment_", ["before", "after"])
async def test_killed_and_cut_and_throttled_it_stays_exact(
    tmp_path: Path, company: Company, served: Served, page: int, moment_: str
) -> None:
    """Also when the API has forgotten its own cursor meanwhile."""
    served.faults, served.every = [(429, {"retry-after": "0"}), "cut", (503, {}), "cut"] * 2, 3
    here, sent = place(tmp_path, served), Kept(**{moment_: page})
    with pytest.raises(Killed):
        await here.pull(sent)
    company.cursors_end = True
    company.put("deals", 1, NOW + 5_000, status="lost", lost_time=moment(NOW + 5_000), lost_reason="price")
    company.put("deals", 9, NOW + 5_000, stage_id=1, status="open", value=3, currency="EUR")
    company.put("deals", 2, NOW + 6_000, status="deleted")
    await here.pull(sent, now=NOW + 90_000)
    assert (await here.pull(sent, now=NOW + 300_000)).sent == 0
    smooth = Kept()
    (tmp_path / "other").mkdir()
    await place(tmp_path / "other", served).pull(smooth, now=NOW + 300_000)
    assert smooth.once().keys() <= sent.once().keys()
    assert [kind for kind, _ in told(sent, "2")].count("deleted") >= 1
