"""Dead letters: why events were rejected, what was sent, retrying and discarding."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from dashboard import shapes
from dashboard.asking import acts, grant_of
from dashboard.ports import Dealt, OpenLetter, OpenLetters
from dashboard.problems import Wrong, described
from dashboard.replies import API, CSV, NEVER, Format, instant, objects, reply, table
from dashboard.services import Parts

AT_ONCE: Final = 500  # letters per request: as many as one transaction sends
GROUPS: Final = 200
FIELDS: Final = tuple(shapes.Letter.model_fields)
Text = Annotated[str | None, Query(max_length=256)]

router = APIRouter(prefix=f"{API}/dead-letters", tags=["operations"], responses=described(401, 403, 422, 503))


@router.get("", response_model=shapes.Letters, responses={200: CSV})
async def letters(
    request: Request,
    parts: Parts,
    topic: Text = None,
    reason: Text = None,
    field: Text = None,
    tenant: Text = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    format: Format = "json",
) -> Response:
    """Open letters of the token's tenants: by kind, and one by one, newest first."""
    given = await parts.letters.open()
    seen = _visible(request, given.letters)
    choice = shapes.Choice(topic=topic, reason=reason, field=field, tenant=tenant)
    chosen = [one for one in seen if _holds(choice, one)]
    page = [_told(one) for one in chosen[offset : offset + limit]]
    if format == "csv":
        return table(request, "dead-letters", objects(page, FIELDS), NEVER)
    body = {"complete": given.complete, "groups": _groups(seen), "total": len(chosen), "letters": page}
    return reply(request, body, NEVER)


@router.get("/one", response_model=shapes.WholeLetter, responses=described(404))
async def letter(
    request: Request, parts: Parts, id: Annotated[str, Query(max_length=400, examples=["crm.costs.v1/3/1204"])]
) -> Response:
    """One letter, with the event as it was sent."""
    found = await parts.letters.one(id)
    if found is None or not grant_of(request).opens(found["tenant"]):
        raise Wrong(404, f"there is no dead letter {id[:100]!r}, or it was dealt with", "id")
    return reply(request, found, NEVER)


@router.post("/retry", response_model=shapes.Dealt, responses=described(400, 413, 415), dependencies=[acts])
async def retry(request: Request, parts: Parts, choice: shapes.Choice) -> Response:
    """Send events again, with the same bytes, after the cause is fixed; at most 500 at a time."""
    return await _deal(request, await parts.letters.open(), choice, parts.letters.retry)


@router.post("/discard", response_model=shapes.Dealt, responses=described(400, 413, 415), dependencies=[acts])
async def discard(request: Request, parts: Parts, choice: shapes.Choice) -> Response:
    """Mark letters as needing no action; at most 500 at a time."""
    return await _deal(request, await parts.letters.open(), choice, parts.letters.discard)


async def _deal(
    request: Request,
    given: OpenLetters,
    choice: shapes.Choice,
    deal: Callable[[Sequence[str]], Awaitable[Dealt]],
) -> Response:
    if not choice.model_fields_set - {"tenant"}:
        raise Wrong(422, "ids: name letters, or choose them by topic, reason or field", "ids")
    seen = _visible(request, given.letters)
    chosen = [one.name for one in seen if _holds(choice, one)]
    gone = dict.fromkeys(set(choice.ids or ()) - {one.name for one in seen}, "no such letter, or it was dealt with")
    done, left = await deal(chosen[:AT_ONCE]) if chosen else ((), {})
    body = {"done": len(done), "left": {**gone, **left}, "more": max(0, len(chosen) - AT_ONCE)}
    return reply(request, body, NEVER)


def _visible(request: Request, found: Sequence[OpenLetter]) -> list[OpenLetter]:
    """Letters of the client's tenants; those without a tenant need access to all."""
    opens = grant_of(request).opens
    return [one for one in found if opens(one.tenant)]


def _holds(choice: shapes.Choice, one: OpenLetter) -> bool:
    fields = ("topic", "reason", "field", "tenant")
    wanted = {name: value for name in fields if (value := getattr(choice, name)) is not None}
    return (choice.ids is None or one.name in choice.ids) and all(getattr(one, n) == v for n, v in wanted.items())


def _groups(found: Sequence[OpenLetter]) -> list[dict[str, Any]]:
    """Groups by topic, reason and field, largest first."""
    kinds: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in found:  # newest first
        kind = one.topic, one.reason, one.field
        new = {**dict(zip(("topic", "reason", "field"), kind, strict=True)), "letters": 0, "newest": instant(one.at)}
        kinds.setdefault(kind, {**new, "example": one.name})["letters"] += 1
    return sorted(kinds.values(), key=lambda group: (-group["letters"], group["topic"]))[:GROUPS]


def _told(one: OpenLetter) -> dict[str, Any]:
    return {"id": one.name, "rejected_at": instant(one.at), "topic": one.topic, **one._asdict()}
