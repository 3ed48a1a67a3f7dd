"""What a provider reported of one message, and the event that it makes."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from collectors.event import Bad, Event, Reading
from collectors.webhooks.mail.fields import Item, Wrong
from models.bounds import NAME_LENGTH
from models.texts import is_placeholder

ATTENTION: Final = ("opened", "clicked")  # only these say who acted, from where and with what
_EXPLAINED: Final = ("bounced", "rejected", "deferred", "complained", "unsubscribed")


class Report(NamedTuple):
    """One thing that happened to one message for one recipient, in any provider's words made ours."""

    kind: str  # "opened": the type without ``crm.email.``
    message: str  # the provider's id, with or without <>
    recipient: str | None  # None: nobody knows which of several
    at: int | None  # ms UTC; None: the provider did not say
    id: str | None = None  # of the event; None: the provider numbers none, and one is derived
    link_url: str | None = None
    campaign_id: str | None = None
    user_agent: str | None = None
    ip: str | None = None
    machine: bool = False
    bulk: bool | None = None  # None: nobody knows
    reason: str | None = None


def message_id(message: str, recipient: str | None) -> str:
    """The id of a message to one recipient: ``<the provider's id>/<digest>``, the same in all of its events.

    Some providers give each copy of a message an id of its own, others one to all copies, and some do either. Taken as
    they come, a message to three people would be one that was opened if any of them opened it. So the recipient is
    always part of the id: where the provider's id was distinct already this does no harm.

    Ids are kept in clear, so the address itself is not in it, and its digest is one of message and address together:
    it says nothing of the same person's other messages. The address is spelled in small letters, since some providers
    repeat it as it was typed in some events only. Wrong.
    """
    plain = message.strip("<> ")
    if is_placeholder(plain) or not plain:
        raise Wrong("message id", "is missing")
    return f"{plain}/{_digest(plain, recipient.lower())[:16]}" if recipient else plain


def _digest(*parts: object) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def event(report: Report) -> Event:
    """The event of a report. Wrong when its ids are too long."""
    message = message_id(report.message, report.recipient)
    attention = report.kind in ATTENTION
    data = {
        "message_id": message,
        "recipient": report.recipient,
        "link_url": report.link_url,
        "campaign_id": report.campaign_id,
        "bulk": report.bulk,
        # Validation takes a robot's agent for a robot's act, and drops it: a feedback loop's complaint, say.
        "user_agent": report.user_agent if attention else None,
        "ip": report.ip if attention else None,
        "machine": True if report.machine and attention else None,
        "reason": report.reason if report.kind in _EXPLAINED else None,
    }
    identity = report.id or derived_id(report, message)
    for name, value in (("message id", message), ("event id", identity)):
        if len(value) > NAME_LENGTH:
            raise Wrong(name, f"is longer than {NAME_LENGTH} characters")
    held = {name: value for name, value in data.items() if value is not None}
    return Event(f"crm.email.{report.kind}", identity, _rfc3339(report.at), held)


def derived_id(report: Report, message: str) -> str:
    """The id of an event that its provider did not number: what sets it apart from others of its message."""
    return _digest(report.kind, message, report.at, report.link_url, report.user_agent, report.ip)[:32]


def _rfc3339(ms: int | None) -> str | None:
    if ms is None:
        return None
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def read_items(items: Sequence[Any], reports: Callable[[Item], Iterable[Report]]) -> Reading:
    """Events of all items; one that is wrong is Bad and the others go on, one without a report is ignored."""
    reading, ignored = Reading([], []), 0
    for at, item in enumerate(items):
        try:
            found = [event(report) for report in reports(Item(item))]
        except Wrong as wrong:
            reading.bad.append(Bad(at, wrong.field, wrong.text, orjson.dumps(item)))
            continue
        ignored += not found
        reading.events.extend((at, one) for one in found)
    return reading._replace(ignored=ignored)
