"""Health, readiness and metrics."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from collectors.server.services import Parts

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> Response:
    """200 as long as the process responds."""
    return JSONResponse({"ready": True, "reasons": []})


@router.get("/readyz")
async def readyz(parts: Parts) -> Response:
    """200 if Kafka responds."""
    if await parts.publisher.ready():
        return JSONResponse({"ready": True, "reasons": []})
    return JSONResponse({"ready": False, "reasons": ["Kafka does not answer"]}, 503)


@router.get("/metrics", response_class=Response)
async def metrics(parts: Parts) -> Response:
    """For Prometheus."""
    return Response(parts.meters.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
