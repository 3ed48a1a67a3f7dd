"""Twilio Voice: status callbacks of calls.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback and, for the proof,
https://www.twilio.com/docs/usage/webhooks/webhooks-security. The address may say whom a call is about:
``?deal_id=…&customer_id=…``; Twilio signs it.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.forms import fields, is_form
from collectors.webhooks.hmacs import base64_mac, prove
from collectors.webhooks.items import given, maybe, maybe_whole, reading, text
from collectors.webhooks.options import about, options
from collectors.webhooks.provider import Forged, Provider, Reply
from collectors.webhooks.signing import header
from collectors.webhooks.times import of_mail

_ADDRESS: Final = re.compile(r"(https?)://([^/?#]*?)(:[0-9]*)?([/?#].*)?", re.DOTALL)
_PORTS: Final = {"https": ":443", "http": ":80"}
_OUTCOMES: Final = {"completed": "connected", "busy": "busy", "no-answer": "no_answer", "canceled": "no_answer",
                    "failed": "failed"}  # fmt: skip


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature, signed = header(arrived, "x-twilio-signature"), _signed(arrived)
    messages = [f"{address}{signed}".encode("utf-8", "replace") for address in _addresses(arrived.url)]
    prove([signature], secrets, *(partial(_sign, message) for message in messages))


def _sign(message: bytes, key: bytes) -> str:
    return base64_mac(key, message, "sha1")


def _signed(arrived: Arrived) -> str:
    """What is signed behind the address: the fields of a form; a JSON body is signed by its hash in the address."""
    if is_form(arrived):
        try:
            found = sorted(set(fields(arrived)))
        except Unreadable as error:
            raise Forged(str(error)) from None
        return "".join(name + value for name, value in found)
    try:
        named = options(arrived).get("bodySHA256", "")
    except Unreadable as error:
        raise Forged(str(error)) from None
    if not hmac.compare_digest(hashlib.sha256(arrived.body).hexdigest().encode(), named.encode("utf-8", "replace")):
        raise Forged("neither a form nor a body whose hash is in the address")
    return ""


def _addresses(url: str) -> tuple[str, str]:
    """The address without a port and with one: Twilio is not of one mind about it."""
    match = _ADDRESS.fullmatch(url)
    if match is None:
        raise Forged("the address is not http or https")
    scheme, host, port, rest = match.groups()
    return f"{scheme}://{host}{rest or ''}", f"{scheme}://{host}{port or _PORTS[scheme]}{rest or ''}"


def _read(arrived: Arrived) -> Reading:
    call = dict(reversed(fields(arrived)))
    ids = about(arrived)
    return reading(arrived, [call], lambda item: _events(item, ids))


def _events(call: Any, ids: dict[str, str]) -> Iterator[Event]:
    """One event a call, once it is over. The leg that it is forwarded on is no call of its own."""
    name, status = text(call, "CallSid"), text(call, "CallStatus")
    if status not in _OUTCOMES or maybe(call, "ParentCallSid"):
        return
    outbound = text(call, "Direction").startswith("outbound")
    outcome = _OUTCOMES[status]
    if outcome == "connected" and (maybe(call, "AnsweredBy") or "").startswith("machine"):
        outcome = "voicemail"
    said = maybe(call, "Timestamp")
    data = given(
        direction="outbound" if outbound else "inbound", outcome=outcome,
        phone=maybe(call, "To" if outbound else "From"),
        duration_s=maybe_whole(call, "CallDuration") if outcome == "connected" else None, **ids,
    )  # fmt: skip
    yield Event("crm.call.ended", name, of_mail(said, "Timestamp") if said else None, data)


PROVIDER: Final = Provider(
    "twilio_voice", "Twilio Voice", "the auth token of the account", _verify, _read,
    accepted=Reply(200, b"<Response/>", "text/xml"),  # anything else is a warning in its debugger
)  # fmt: skip
