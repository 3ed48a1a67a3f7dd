"""Health, readiness and metrics of the server; lag and state of the workers."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from dashboard import shapes
from dashboard.problems import described
from dashboard.replies import API, CSV, NEVER, Format, objects, reply, table
from dashboard.services import Parts
from sinks.base import SinkUnavailable

TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}
router = APIRouter(tags=["health"])
lags = APIRouter(prefix=API, tags=["health"])


@router.get("/healthz", response_model=shapes.Health)
async def healthz() -> Response:
    """200 as long as the process responds."""
    return JSONResponse({"ready": True, "reasons": []})


@router.get("/readyz", response_model=shapes.Health, responses={503: {"model": shapes.Health}})
async def readyz(parts: Parts) -> Response:
    """200 if Redis responds."""
    try:
        await parts.numbers.tenants()
    except SinkUnavailable as error:
        return JSONResponse({"ready": False, "reasons": [f"Redis does not answer: {error}"]}, 503)
    return JSONResponse({"ready": True, "reasons": []})


@router.get("/metrics", responses={200: TEXT, **described(401)}, response_class=Response)
async def metrics(parts: Parts) -> Response:
    """For Prometheus."""
    return Response(parts.meters.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@lags.get("/lag", response_model=shapes.Lag, responses={200: CSV, **described(401, 422, 503)})
async def lag(request: Request, parts: Parts, format: Format = "json") -> Response:
    """Whether the workers keep up: records waiting, verdicts, losses, dead letters."""
    found = await parts.lags.read()
    if format == "csv":
        return table(request, "lag", objects(found["partitions"], tuple(shapes.Partition.model_fields)), NEVER)
    return reply(request, found, NEVER)


@lags.get("/workers", response_model=shapes.Workers, responses={200: CSV, **described(401, 422, 503)})
async def workers(request: Request, parts: Parts, format: Format = "json") -> Response:
    """The workers: lanes, restores, throughput, late and duplicate events, publishing latency, quarantine."""
    found = await parts.workers.read()
    if format == "csv":
        return table(request, "workers", objects(found["workers"], tuple(shapes.Worker.model_fields)), NEVER)
    return reply(request, found, NEVER)
