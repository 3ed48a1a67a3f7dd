"""`verify` by button: a full recount alongside the workers, one at a time, with progress and last result."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.asking import acts, grant_of
from dashboard.ports import Run
from dashboard.problems import Wrong, described
from dashboard.replies import API, NEVER, instant, reply
from dashboard.services import Parts, Services

router = APIRouter(prefix=f"{API}/verify", tags=["operations"], responses=described(401, 403, 422))


@router.get("", response_model=shapes.Verification)
async def verification(request: Request, parts: Parts) -> Response:
    """The running verification and the last result, without details of tenants not included in the token."""
    return _state(request, parts)


@router.post("", response_model=shapes.Verification, responses=described(400, 413, 415), dependencies=[acts])
async def verify(request: Request, parts: Parts, wanted: shapes.Wanted) -> Response:
    """Start verifying one tenant or all; if one is already running, it is returned and continues."""
    if not _opens(request, wanted.tenant):
        whose = f"tenant {wanted.tenant}" if wanted.tenant else "all tenants: name one"
        raise Wrong(403, f"this token does not open {whose}", "tenant")
    await parts.verifier.start(wanted.tenant)
    return _state(request, parts)


@router.delete("", response_model=shapes.Verification, dependencies=[acts])
async def cancel(request: Request, parts: Parts) -> Response:
    """Cancel the running verification."""
    running = parts.verifier.state().running
    if running is not None and not _opens(request, running.tenant):
        raise Wrong(403, "this token does not open the tenants that are verified")
    await parts.verifier.cancel()
    return _state(request, parts)


def _opens(request: Request, tenant: str | None) -> bool:
    grant = grant_of(request)
    return grant.tenants is None if tenant is None else grant.opens(tenant)


def _state(request: Request, parts: Services) -> Response:
    running, last = parts.verifier.state()
    return reply(request, {"running": _told(request, running), "last": _told(request, last)}, NEVER)


def _told(request: Request, run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    shape: dict[str, Any] = {
        "tenant": None, "began": instant(run.began), "ended": None if run.ended is None else instant(run.ended),
        "records": run.records, "total": run.total, "verified": run.verdict and run.verdict["verified"],
    }  # fmt: skip
    if _opens(request, run.tenant):
        shape |= {"tenant": run.tenant, "problem": run.problem, "verdict": run.verdict}
    return shape
