"""Typeform: answers of surveys.

https://www.typeform.com/developers/webhooks/example-payload/ and, for the proof,
https://www.typeform.com/developers/webhooks/secure-your-webhooks/. A question of the type Net Promoter Score is one; of
others the reference says what they are: ``nps``, ``csat``, ``effort`` (or ``ces``), ``ease``, with a scale of their own
as ``csat_1_10``. The answer to the question ``comment`` is the comment; hidden fields may be ids.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import base64_mac, prove
from collectors.webhooks.items import at, document, given, maybe, reading, rows, table, text, whole
from collectors.webhooks.options import IDS
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import header

_REFERENCE: Final = re.compile(r"(nps|csat|ces|effort|ease)(?:[-_](\d{1,4})[-_](\d{1,4}))?(?:[-_].*)?", re.ASCII)
_KINDS: Final = {"nps": "nps", "csat": "csat", "ces": "effort", "effort": "effort", "ease": "effort"}


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature = header(arrived, "typeform-signature")
    prove([signature], secrets, lambda key: f"sha256={base64_mac(key, arrived.body)}")


def _read(arrived: Arrived) -> Reading:
    return reading(arrived, [document(arrived)], _events)


def _events(item: Any) -> Iterator[Event]:
    table(item)
    if text(item, "event_type") != "form_response":
        return
    response = table(item, "form_response")
    about = _about(response)
    time = text(response, "submitted_at")
    for place, answer in enumerate(rows(response, "answers")):
        if asked := _asked(answer):
            data = about | asked | {"score": whole(answer, "number")}
            yield Event("crm.survey.answered", f"{text(item, 'event_id')}-{place}", time, data)


def _about(response: dict[str, Any]) -> dict[str, Any]:
    """What all answers of one response have in common."""
    hidden = response.get("hidden")
    comments = (maybe(one, "text") for one in rows(response, "answers") if _reference(one) == "comment")
    return given(
        survey_id=text(response, "form_id"), response_id=maybe(response, "token"), comment=next(comments, None),
        email=maybe(hidden, "email"), **{name: maybe(hidden, name) for name in (*IDS, "anonymous_id", "order_id")},
    )  # fmt: skip


def _asked(answer: Any) -> dict[str, Any] | None:
    """What a question asks for; None: it is no question of ours."""
    if at(answer, "type") != "number":
        return None
    match = _REFERENCE.fullmatch(_reference(answer))
    word = match[1] if match else "nps" if at(answer, "field.type") == "nps" else None
    if word is None:
        return None
    low, high = (match[2], match[3]) if match else (None, None)
    return given(
        survey_type=_KINDS[word], polarity="ease" if word == "ease" else None,
        scale_min=int(low) if low else None, scale_max=int(high) if high else None,
    )  # fmt: skip


def _reference(answer: Any) -> str:
    return (maybe(answer, "field.ref") or "").lower()


PROVIDER: Final = Provider("typeform", "Typeform", "the secret of the webhook", _verify, _read)
