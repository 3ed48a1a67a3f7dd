"""Events of a real set in several orders, through validation and the engine, or through ``crmkpi compute``."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from typer.testing import CliRunner

from cli.main import app
from kpis.engine import Engine
from models.blocks import decode_block, encode_blocks
from models.record import RawRecord
from models.settings import TenantBook
from models.validate import validate

Event = dict[str, Any]
Documents = dict[tuple[str, str, tuple[tuple[str, str], ...]], dict[str, Any]]
SHARED: Final = Path(__file__).parents[2].parent / "shared" / "data"
FEEDS: Final = ("time", "file", "doubled", "shuffled")
TOPIC: Final = "crm.import"
BATCH: Final = 16_000  # large: a customer of many purchases is counted once a batch


def expected(name: str) -> dict[str, Any]:
    """The published answers of a set, by metric."""
    content = json.loads((SHARED / "expected" / f"{name}.json").read_text())
    return {metric: said["value"] for metric, said in content["metrics"].items()}


def event(kind: str, name: str, time: str, **data: Any) -> Event:
    """One event of the contract; ``name`` is its id."""
    return {"id": name, "source": "/import", "tenantid": "t", "type": f"crm.{kind}", "time": time, "data": data}


def in_feed(events: Sequence[Event], feed: str) -> list[Event]:
    """The events in order of time, as in the file, everything twice, or in no order."""
    if feed == "time":
        return sorted(events, key=lambda one: str(one["time"]))
    found = [*events] * (2 if feed == "doubled" else 1)
    if feed != "file":
        random.Random(feed).shuffle(found)
    return found


class Counted:
    """An engine that takes events as they come."""

    def __init__(self, book: TenantBook) -> None:
        self.engine, self.taken = Engine(book), 0

    def take(self, events: Sequence[Event]) -> "Counted":
        """Count events in batches; none may be refused."""
        for start in range(0, len(events), BATCH):
            lines = [orjson.dumps(one) for one in events[start : start + BATCH]]
            records = [RawRecord(TOPIC, 0, self.taken + n, -1, None, line) for n, line in enumerate(lines)]
            rows, refused = validate(records)
            assert not refused, refused
            for tenant, block in encode_blocks(TOPIC, 0, rows, []):
                self.engine.apply(decode_block(block), tenant, 0)
            self.engine.finish()
            self.taken += len(lines)
        return self

    def documents(self, as_of: int, *, live: bool = False, tenant: str = "t") -> Documents:
        """All documents of a tenant; ``as_of`` in ms."""
        return by_key(self.engine.documents(tenant, as_of, live=live, full=True))


def by_key(documents: Sequence[dict[str, Any]]) -> Documents:
    """Documents by KPI, window and segment."""
    return {(doc["kpi"], doc["window"], tuple(doc["segment"].items())): doc for doc in documents}


def computed(events: Sequence[Event], folder: Path, as_of: str, settings: dict[str, Any], *kpis: str) -> Documents:
    """The same by ``crmkpi compute`` from a file."""
    (folder / "events.jsonl").write_bytes(b"\n".join(orjson.dumps(one) for one in events))
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "settings.toml").write_text("\n".join(["[tenant]", *lines]))
    args = ["compute", folder / "events.jsonl", "--as-of", as_of, "--config", folder / "settings.toml", "--json"]
    result = CliRunner().invoke(app, [*map(str, args), *(f"--kpi={kpi}" for kpi in kpis)])
    assert result.exit_code == 0, result.stderr
    return by_key(json.loads(result.stdout))
