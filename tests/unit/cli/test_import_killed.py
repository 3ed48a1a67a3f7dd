"""An import that ends in the middle, at any record, and is started again."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cli import importing
from tests.unit.cli.importing import HEADINGS, MAPPING, run

Sent = list[dict[str, Any]]


class Killed(BaseException):
    """As a signal that no handler sees."""


class Broker:
    """Takes records until it has had so many; what came after the last flush may or may not have arrived."""

    def __init__(self, until: int) -> None:
        self.sent: Sent = []
        self.acknowledged = 0
        self._until = until

    async def send(self, topic: str, value: bytes, key: bytes | None = None) -> None:
        """One record."""
        if len(self.sent) == self._until:
            raise Killed
        self.sent.append(json.loads(value))

    async def flush(self) -> list[Any]:
        """All that was sent."""
        self.acknowledged = len(self.sent)
        return []


def attempt(monkeypatch: pytest.MonkeyPatch, file: Path, until: int = 10**9, *args: str) -> Sent:
    """What arrived of one run of the command."""
    broker = Broker(until)

    @asynccontextmanager
    async def feed(_: Any) -> AsyncIterator[Broker]:
        yield broker

    monkeypatch.setattr("cli.import_file.feed", feed)
    with suppress(Killed):
        result = run(file, "--mapping", file.parent / "m.toml", "--full-speed", *args)
        assert result.exit_code == 0, result.output
    return broker.sent


def export(folder: Path, amounts: dict[int, int]) -> Path:
    """A file with an order for each of these."""
    (folder / "m.toml").write_text(MAPPING)
    rows = [f"A{number},c,Paid,{amount},2026-06-03" for number, amount in amounts.items()]
    (folder / "orders.csv").write_text("\n".join([HEADINGS, *rows, ""]))
    return folder / "orders.csv"


def contents(sent: Sent) -> dict[str, set[str]]:
    """Id -> what was sent under it."""
    found: dict[str, set[str]] = {}
    for event in sent:
        found.setdefault(event["id"], set()).add(json.dumps([event["time"], event["data"]], sort_keys=True))
    return found


def last(sent: Sent) -> dict[str, str]:
    """Order -> the amount that holds: that of its last id."""
    return {e["data"]["order_id"]: e["data"]["amount"] for e in sorted(sent, key=lambda e: str(e["id"]))}


@pytest.mark.parametrize("kills", [(0, 3, 5), (1, 2, 9), (4, 4, 4), (7, 11, 13)])
def test_killed_three_times_and_started_again_every_order_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: tuple[int, ...]
) -> None:
    """No id with two contents, in the first import nor in that of the changed file a week later."""
    monkeypatch.setattr(importing, "BATCH", 4)
    first = {number: number + 1 for number in range(14)}
    second = {99: 5, 98: 6, **first, 3: 70, 11: 1}
    sent: Sent = []
    for orders in (first, second):
        file = export(tmp_path, orders)
        for kill in kills:
            sent += attempt(monkeypatch, file, kill)
        sent += attempt(monkeypatch, file)

        assert last(sent) == {f"A{number}": str(amount) for number, amount in orders.items()}
    assert all(len(said) == 1 for said in contents(sent).values())
    assert len(contents(sent)) == len(second) + 2


def test_resumed_only_what_was_not_acknowledged_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that were acknowledged are left out, the one that was on its way is not."""
    monkeypatch.setattr(importing, "BATCH", 4)
    file = export(tmp_path, dict.fromkeys(range(10), 1))
    before = attempt(monkeypatch, file, 6)
    after = attempt(monkeypatch, file, 10**9, "--resume")

    assert [event["id"] for event in after] == [f"A{number}/order.completed" for number in range(4, 10)]
    assert contents([*before, *after]).keys() == {f"A{number}/order.completed" for number in range(10)}
    assert attempt(monkeypatch, file, 10**9, "--resume") == []
    assert len(attempt(monkeypatch, file)) == 10
