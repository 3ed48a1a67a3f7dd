"""Errors as RFC 9457 problems: one sentence that names the field and says what to do."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboard.ports import KafkaUnavailable
from sinks.base import SinkUnavailable
from sinks.query import QueryRefused, QueryUnavailable

MEDIA: Final = "application/problem+json"
AGAIN: Final = {"Retry-After": "2"}
SHOWN: Final = 20  # names in a sentence
LONGEST: Final = 64  # characters of the input that are quoted


class Problem(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None


class Wrong(Exception):
    """Ends a request with a problem. ``field``: the parameter concerned."""

    def __init__(
        self, status: int, detail: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.field, self.headers = status, detail, field, headers or {}


def answer(status: int, detail: str, field: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The response of a problem."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, field=field)
    text = orjson.dumps(body.model_dump(exclude_none=True))
    return Response(text, status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA)


def known(name: str, names: Iterable[str], what: str, field: str) -> str:
    """The name, if it is known. Raises `Wrong` with the nearest ones."""
    names = list(names)
    if name in names:
        return name
    near = get_close_matches(name, names, n=3)
    hint = f"did you mean {', '.join(near)}?" if near else f"use one of {', '.join(names[:SHOWN])}"
    more = ", …" if not near and len(names) > SHOWN else ""
    raise Wrong(404 if field == "kpi" else 422, f"{field}: there is no {what} {name[:LONGEST]!r}; {hint}{more}", field)


def described(*codes: int) -> dict[int | str, dict[str, Any]]:
    """These problems, for the OpenAPI page."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {code: {"description": HTTPStatus(code).phrase, "content": {MEDIA: schema}} for code in codes}


def add_handlers(app: FastAPI) -> None:
    """Turns every expected failure of a request into a problem."""
    app.add_exception_handler(Wrong, _wrong)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(QueryRefused, _refused)
    for kind in (SinkUnavailable, QueryUnavailable, KafkaUnavailable):
        app.add_exception_handler(kind, _away)


async def _wrong(request: Request, error: Exception) -> Response:
    assert isinstance(error, Wrong)
    return answer(error.status, error.detail, error.field, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return answer(422, f"{field}: {first['msg'].removeprefix('Value error, ')}", field)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(404, "there is nothing at this address; /openapi.json lists what there is")
    return answer(error.status_code, str(error.detail), headers=error.headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueryRefused)
    if error.status in (400, 404, 413, 422):
        return answer(error.status, error.words)
    return answer(503, error.words, headers=AGAIN)


async def _away(request: Request, error: Exception) -> Response:
    what = {SinkUnavailable: "Redis", QueryUnavailable: "a worker", KafkaUnavailable: "Kafka"}
    name = next(text for kind, text in what.items() if isinstance(error, kind))
    return answer(503, f"{name} does not answer: {error}", headers=AGAIN)
