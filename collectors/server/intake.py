"""Turns the items of a request into Kafka records, with a verdict on each."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

import orjson

from collectors.event import Bad, Event, Reading
from collectors.privacy import NoConsent, Policy
from collectors.server.meters import Meters
from collectors.server.publish import Publisher, Record
from models.record import RawRecord
from models.route import key_of, topic_of
from models.settings import Settings
from models.validate import Rejection, validate

SHOWN: Final = 200  # rejections per response


class Origin(NamedTuple):
    """The tenant and the source of events."""

    tenant: str
    source: str


class Verdict(NamedTuple):
    """The outcome for the items of a request."""

    accepted: int
    rejected: list[dict[str, Any]]  # index, code, field, detail
    events: list[dict[str, Any]]  # as written to Kafka

    def body(self) -> dict[str, Any]:
        """The response body."""
        return {
            "success": not self.rejected or self.accepted > 0,
            "accepted": self.accepted,
            "rejected": self.rejected[:SHOWN],
        }


class Intake:
    """Builds and publishes records. ``policy``: the privacy policy of a tenant."""

    def __init__(
        self, settings: Settings, publisher: Publisher, policy: Callable[[str], Policy], meters: Meters
    ) -> None:
        self._settings, self._publisher, self._policy, self._meters = settings, publisher, policy, meters

    async def take(self, origin: Origin, reading: Reading, received: int) -> Verdict:
        """Returns once Kafka has everything. Raises Refusal; the sender then has to retry the whole request."""
        verdict, records = self.judge(origin, reading, received)
        if records:
            await self._publisher.send(records)
        self._meters.accepted.inc(verdict.accepted)
        self._meters.ignored.inc(reading.ignored)
        for one in verdict.rejected:
            self._meters.rejected.labels(one["code"]).inc()
        return verdict

    def judge(self, origin: Origin, reading: Reading, received: int) -> tuple[Verdict, list[Record]]:
        """The verdict, and the records to write. A rejected event is written too: the worker makes a dead letter of it,
        which is counted, listed and can be retried like any other."""
        policy, stamp = self._policy(origin.tenant), _instant(received)
        rejected = [_rejected(one.at, "unreadable", one.field, one.text) for one in reading.bad]
        letters = [self._letter(policy, origin, one) for one in reading.bad]
        events: list[tuple[int, dict[str, Any]]] = []
        for at, event in reading.events:
            try:
                events.append((at, envelope(policy.clean(event), origin, stamp)))
            except NoConsent:
                rejected.append(_rejected(at, "no_consent", "consent", "there is no consent to store this event"))
        raws = [orjson.dumps(event, default=str) for _, event in events]
        rows, refused = validate([RawRecord("", 0, n, received, None, raw) for n, raw in enumerate(raws)])
        rejected += [_of_rejection(events[one.record.offset][0], one) for one in refused]
        records = [
            Record(topic_of(self._settings, event["type"]), key_of(event), raw)
            for (_, event), raw in zip(events, raws, strict=True)
        ]
        rejected.sort(key=lambda one: int(one["index"]))
        return Verdict(len(rows), rejected, [event for _, event in events]), [*records, *letters]

    def _letter(self, policy: Policy, origin: Origin, bad: Bad) -> Record:
        return Record(
            topic_of(self._settings, None), None, policy.mask(bad.raw), (("tenantid", origin.tenant.encode()),)
        )


def envelope(event: Event, origin: Origin, received: str) -> dict[str, Any]:
    """A structured CloudEvent. What the key decides, the event cannot override."""
    made = {
        **event.attributes,
        "specversion": "1.0",
        "id": event.id or str(uuid4()),
        "type": event.type,
        "time": event.time or received,
        "tenantid": origin.tenant,
        "data": event.data,
    }
    made.setdefault("source", origin.source)
    made.setdefault("recordedtime", received)  # forwarders of earlier events say so
    if event.sent:
        made["sentat"] = event.sent
    return made


def _of_rejection(at: int, rejection: Rejection) -> dict[str, Any]:
    return _rejected(at, rejection.reason, rejection.field or "", rejection.detail)


def _rejected(at: int, code: str, field: str, detail: str) -> dict[str, Any]:
    return {"index": at, "code": code, "field": field, "detail": detail}


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
