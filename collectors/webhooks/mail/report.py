"""A provider's report on one message, and the event built from it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from collectors.event import Bad, Event, Reading
from collectors.webhooks.mail.fields import Item, Wrong
from models.bounds import NAME_LENGTH
from models.texts import is_placeholder

ATTENTION: Final = ("opened", "clicked")  # only these have actor, place and device
_EXPLAINED: Final = ("bounced", "rejected", "deferred", "complained", "unsubscribed")


class Report(NamedTuple):
    """One event of one message to one recipient, in provider-independent terms."""

    kind: str  # "opened": the type without ``crm.email.``
    message: str  # the provider's id, with or without <>
    recipient: str | None  # None: unknown which of several
    at: int | None  # ms UTC; None: not given
    id: str | None = None  # event id; None: the provider has none, so one is derived
    link_url: str | None = None
    campaign_id: str | None = None
    user_agent: str | None = None
    ip: str | None = None
    machine: bool = False
    bulk: bool | None = None  # None: unknown
    reason: str | None = None


def message_id(message: str, recipient: str | None) -> str:
    """The id of a message to one recipient: ``<provider's id>/<digest>``, the same in all of its events.

    Some providers number each copy of a message, others share one id among all copies, and some do either. Used
    directly, a message to three people would count as opened if any of them opened it. So the recipient is always part
    of the id; if the provider's id was distinct already, this does no harm.

    Ids are stored in the clear, so the id does not contain the address itself, only a digest of message and address
    together, which cannot be linked to the person's other messages. The address is lower-cased, since some providers
    only preserve its case in some events. Raises Wrong.
    """
    plain = message.strip("<> ")
    if is_placeholder(plain) or not plain:
        raise Wrong("message id", "is missing")
    return f"{plain}/{_digest(plain, recipient.lower())[:16]}" if recipient else plain


def _digest(*parts: object) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def event(report: Report) -> Event:
    """The event of a report. Raises Wrong if its ids are too long."""
    message = message_id(report.message, report.recipient)
    attention = report.kind in ATTENTION
    data = {
        "message_id": message,
        "recipient": report.recipient,
        "link_url": report.link_url,
        "campaign_id": report.campaign_id,
        "bulk": report.bulk,
        # Validation would drop a robot's agent as a bot's act: for example a feedback loop's complaint.
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
    """The id of an event without one: derived from what distinguishes it from others of its message."""
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
