"""Interprets a server's answer for each event of a batch."""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

_LATER: Final = frozenset({408, 425, 429})
_BASE_S: Final = 0.5
_LONGEST_S: Final = 30.0
_PATIENCE_S: Final = 3600.0  # a longer Retry-After is capped


class Verdict(NamedTuple):
    """The outcome of one event. Accepted: the broker has it."""

    id: str
    accepted: bool
    code: str = ""  # for refusals: "missing_field"; "http_401" if the whole request was refused
    field: str = ""
    detail: str = ""


class Answer(NamedTuple):
    """A server's answer; ``status`` 0: none."""

    status: int
    headers: Mapping[str, str]
    body: bytes


NO_ANSWER: Final = Answer(0, {}, b"")


def final(answer: Answer) -> bool:
    """Whether a retry of the same request would get the same answer."""
    if answer.status == 200:
        return _acknowledged(answer) is not None  # a proxy's page with status 200 is no acknowledgement
    return 400 <= answer.status < 500 and answer.status not in _LATER


def verdicts(answer: Answer, ids: Sequence[str]) -> list[Verdict]:
    """A verdict for each event of a batch, given a final answer."""
    if answer.status != 200:
        detail = answer.body[:500].decode("utf-8", "replace")
        return [Verdict(name, False, f"http_{answer.status}", "", detail) for name in ids]
    rejected = (_acknowledged(answer) or {}).get("rejected", [])
    refused = {one["index"]: one for one in rejected if isinstance(one, dict) and type(one.get("index")) is int}
    return [_verdict(name, refused.get(at)) for at, name in enumerate(ids)]


def _verdict(name: str, refused: dict[str, Any] | None) -> Verdict:
    if refused is None:
        return Verdict(name, True)
    return Verdict(name, False, *(str(refused.get(part) or "") for part in ("code", "field", "detail")))


def _acknowledged(answer: Answer) -> dict[str, Any] | None:
    """The answer's JSON; None unless it acknowledges events."""
    try:
        reply = json.loads(answer.body)
    except ValueError:
        return None
    fits = isinstance(reply, dict) and reply.get("success") is True and isinstance(reply.get("rejected", []), list)
    return reply if fits else None


def pause(attempt: int, answer: Answer, moment: datetime, chance: random.Random) -> float:
    """Seconds until the next attempt, after ``attempt`` failures (1, 2, …): full jitter, on top of any Retry-After.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    asked = _retry_after(answer, moment)
    longest = _BASE_S if asked else min(_LONGEST_S, _BASE_S * 2 ** min(attempt, 16))
    return asked + chance.uniform(0, longest)


def _retry_after(answer: Answer, moment: datetime) -> float:
    """Seconds the server asks to wait; 0 if it doesn't."""
    text = {name.lower(): value for name, value in answer.headers.items()}.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _PATIENCE_S)
    try:
        asked = (parsedate_to_datetime(text) - moment).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return 0.0
    return min(max(asked, 0.0), _PATIENCE_S)
