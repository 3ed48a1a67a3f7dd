"""The catalogue: every KPI with its title, unit, windows, dimensions and formula."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.problems import described
from dashboard.replies import API, CSV, Format, objects, reply, table
from kpis.catalog import CATALOG, Kpi

ROWS: Final = {kpi.id: kpi for kpi in CATALOG}
DIMENSIONS: Final[dict[str, Sequence[str]]] = {  # in addition to the tenant's own (setting `dimensions`)
    "deal": ("owner", "source", "campaign", "pipeline"),
    "subject": ("source", "owner", "country"),
    "touch": ("source", "campaign", "country"),
    "survey": ("source", "owner", "country", "scale"),
    "acquisition": ("channel",),
    "marketing": ("channel", "campaign"),
    "source": ("source",),
    "stage": ("stage",),
    "page": ("page",),
    "none": (),
}
STEPS: Final = {"hour": "1h", "day": "today", "week": "week", "month": "month"}  # and the window of the same length
BY_DAY: Final = "yesterday"  # KPIs that accrue by day: their running day has no window
FIELDS: Final = tuple(shapes.Row.model_fields)

router = APIRouter(prefix=API, tags=["catalogue"])


@router.get("/catalog", response_model=list[shapes.Row], responses={200: CSV, **described(401, 422)})
async def catalog(request: Request, format: Format = "json") -> Response:
    """Every KPI: how to display it, and its windows and dimensions."""
    if format == "csv":
        return table(request, "catalog", objects(rows(), FIELDS))
    return reply(request, rows())


@cache
def rows() -> list[dict[str, Any]]:
    """All rows, in the catalogue's order."""
    return [_row(kpi, texts()[kpi.id]) for kpi in CATALOG]


@cache
def texts() -> dict[str, dict[str, str]]:
    """KPI -> the texts of its docs page."""
    found: dict[str, dict[str, str]] = orjson.loads(files("models").joinpath("kpi_texts.json").read_bytes())
    return found


def steps_of(kpi: Kpi) -> list[str]:
    """The steps in which a KPI has history."""
    return [
        step for step, window in STEPS.items() if window in kpi.windows or (step == "day" and BY_DAY in kpi.windows)
    ]


def _row(kpi: Kpi, text: dict[str, str]) -> dict[str, Any]:
    return {
        "kpi": kpi.id,
        "title": kpi.title,
        "unit": kpi.unit,
        "direction": kpi.direction,
        "windows": list(kpi.windows),
        "steps": steps_of(kpi),
        "dimensions": list(DIMENSIONS[kpi.rows]),
        "vector": kpi.vector.key if kpi.vector else None,
        "additive": kpi.additive,
        "summary": f"{text['definition']} {text['variant']}".strip(),
        "formula": text["formula"],
        "family": text["family"],
        "page": text["page"],
    }
