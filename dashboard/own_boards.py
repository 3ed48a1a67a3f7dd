"""Users' own boards."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.asking import Allowed, MayAct
from dashboard.catalog import ROWS
from dashboard.problems import Wrong, described, known
from dashboard.replies import API, reply
from dashboard.services import Parts

Name = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="letters, digits, _ and -", examples=["monday"])
]
router = APIRouter(prefix=API, tags=["boards"], responses=described(401, 403, 422, 503))


@router.get("/{tenant}/boards", response_model=list[shapes.NamedBoard])
async def boards(request: Request, parts: Parts, tenant: Allowed) -> Response:
    """All own boards of a tenant, sorted by name."""
    found = await parts.boards.all(tenant)
    return reply(request, [{"name": name, **orjson.loads(found[name])} for name in sorted(found)])


@router.get("/{tenant}/boards/{name}", response_model=shapes.NamedBoard, responses=described(404))
async def board(request: Request, parts: Parts, tenant: Allowed, name: Name) -> Response:
    """One board."""
    if (found := await parts.boards.one(tenant, name)) is None:
        raise _none(tenant, name)
    return reply(request, {"name": name, **orjson.loads(found)})


@router.put("/{tenant}/boards/{name}", response_model=shapes.NamedBoard, responses=described(400, 404, 409, 413))
async def keep(request: Request, parts: Parts, tenant: MayAct, name: Name, board: shapes.Board) -> Response:
    """Save a board, replacing one of the same name."""
    for place, tile in enumerate(board.tiles):
        _check(tile, f"tiles.{place}")
    text = orjson.dumps(board.model_dump(exclude_none=True)).decode()
    if not await parts.boards.keep(tenant, name, text):
        raise Wrong(409, f"there are {parts.boards.most} boards already: delete one first")
    return reply(request, {"name": name, **orjson.loads(text)})


@router.delete("/{tenant}/boards/{name}", status_code=204, responses=described(404))
async def drop(request: Request, parts: Parts, tenant: MayAct, name: Name) -> Response:
    """Delete a board."""
    if not await parts.boards.drop(tenant, name):
        raise _none(tenant, name)
    return Response(status_code=204)


def _check(tile: shapes.Tile, where: str) -> None:
    row = ROWS[known(tile.kpi, ROWS, "KPI", f"{where}.kpi")]
    if tile.window is not None:
        known(tile.window, row.windows, f"window of {tile.kpi}", f"{where}.window")


def _none(tenant: str, name: str) -> Wrong:
    return Wrong(404, f"there is no board {name}; /api/v1/{tenant}/boards lists them", "name")
