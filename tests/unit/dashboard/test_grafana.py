"""The boards for Grafana's Infinity data source: each of their queries finds the columns it asks for."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from dashboard.catalog import ROWS
from tests.contract.boards import document
from tests.unit.dashboard.rig import MONTH, TODAY, Rig

FOLDER: Final = Path(__file__).parents[3] / "ops" / "monitoring" / "grafana" / "infinity"
BOARDS: Final = sorted(FOLDER.glob("*.json"))


def targets(path: Path) -> list[dict[str, Any]]:
    """All queries of a board."""
    return [target for panel in json.loads(path.read_text())["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: str(path.stem))
async def test_every_query_finds_its_columns(rig: Rig, client: httpx.AsyncClient, path: Path) -> None:
    """With a value that is a number, or no data."""
    units = {kpi: ROWS[kpi].unit for kpi in ROWS}
    money = {"currency": "EUR", "value": "12.50", "numerator": "12.50"}
    frames: tuple[dict[str, Any], ...] = ({}, TODAY, MONTH)
    documents = [
        document(kpi, unit=unit, denominator=2, **(money if unit == "money" else {}), **frame)
        for kpi, unit in units.items()
        for frame in frames
    ]
    segments = [document(kpi, unit=unit, denominator=2, segment={"owner": "anna"}) for kpi, unit in units.items()]
    await rig.publish(*documents, *segments)
    found = targets(path)
    assert len(found) == 12
    for target in found:
        url = target["url"].replace("${server}", "").replace("${tenant}", "acme")
        answer = await client.get(url)
        assert answer.status_code == 200, url
        rows = list(csv.DictReader(StringIO(answer.text))) if target["type"] == "csv" else [answer.json()]
        assert rows, url
        for column in target["columns"]:
            values = [row[column["selector"]] for row in rows]
            if column["type"] == "number":
                assert [float(value) for value in values if value not in ("", None)], (url, column)
            elif column["type"] == "timestamp":
                assert all(len(value) in (len("2026-11-14"), len("2026-11")) for value in values), url


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: str(path.stem))
def test_panels_have_ids_and_room(path: Path) -> None:
    """Grafana shows one panel of an id only."""
    board = json.loads(path.read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"])
    assert board["uid"] == f"crmkpi-{path.stem}"
