"""Response models, for OpenAPI."""

from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from collectors.server.problems import MEDIA


class Rejected(BaseModel):
    """An item that was not taken. It is a dead letter as well: `crmkpi dlq list`."""

    index: int
    code: str
    field: str
    detail: str


class Accepted(BaseModel):
    """What became of a request: every accepted event is in Kafka."""

    success: bool
    accepted: int | None = None
    rejected: list[Rejected] | None = None
    events: list[dict[str, Any]] | None = None


class Problem(BaseModel):
    """RFC 9457, with a code for programs."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    success: bool = False
    field: str | None = None


def described(*codes: int) -> dict[int | str, dict[str, Any]]:
    """These refusals."""
    schema = {"schema": {"anyOf": [Problem.model_json_schema(), {"type": "object"}]}}
    return {code: {"description": HTTPStatus(code).phrase, "content": {MEDIA: schema}} for code in codes}


ANYWHERE: Final = described(400, 403, 404, 405, 414, 500)  # responses of the middleware
DESCRIBED: Final = {
    **described(401, 403, 404, 408, 413, 414, 415, 422, 429, 503, 504),
    400: {"description": "nothing was taken", "content": {MEDIA: {}, "application/json": {}}},
}


def documented(what: str) -> dict[str, Any]:
    """A body that is read by hand."""
    return {"requestBody": {"required": True, "description": what, "content": {"application/json": {"schema": {}}}}}
