"""Lost records, kept in the control topic until an operator acknowledges them.

Each loss is an entry keyed by its start: one found again, or grown, replaces itself. An acknowledgement gives the
offset of a partition up to which losses are known; a later loss is shown again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

READ_S: Final = 30.0
ACKNOWLEDGE: Final = "acknowledge it: crmkpi topics acknowledge"
Why = Literal["retention", "skipped", "rebased", "quarantined"]
WHY: Final[dict[Why, str]] = {
    "retention": "were deleted by retention before being read",
    "skipped": "were skipped by an operator",
    "quarantined": "are in quarantine: crmkpi dlq ls --reason engine_error",
    "rebased": "are missing from the numbers: the state was lost or did not match the topics",
}
Entry = tuple[bytes, bytes | None]


class Loss(NamedTuple):
    """Offsets ``start`` to ``end`` (exclusive) of a partition: the number of records is an upper bound."""

    topic: str
    partition: int
    start: int
    end: int
    at: int  # when it was detected, ms UTC
    why: Why
    acknowledged: bool = False

    @property
    def records(self) -> int:
        """The maximum number of records."""
        return self.end - self.start

    def text(self) -> str:
        """What, where, when and why, for an operator."""
        day = datetime.fromtimestamp(self.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        place = f"{self.topic}/{self.partition} (offsets {self.start} to {self.end - 1})"
        return f"{self.records:,} records of {place} {WHY[self.why]}; detected {day}"


def entry(loss: Loss) -> Entry:
    """A loss as an entry of the control topic."""
    key = ["loss", loss.topic, loss.partition, loss.start]
    return orjson.dumps(key), orjson.dumps({"v": 1, "end": loss.end, "at": loss.at, "why": loss.why})


def acknowledgement(topic: str, partition: int, upto: int) -> Entry:
    """An entry that acknowledges a partition's losses below the offset ``upto``."""
    return orjson.dumps(["ack", topic, partition]), orjson.dumps({"v": 1, "upto": upto})


def losses(entries: Iterable[Entry]) -> list[Loss]:
    """All losses by topic, partition and offset. Entries unknown to this build are ignored."""
    latest: dict[bytes, bytes | None] = dict(entries)
    found: list[Loss] = []
    known: dict[tuple[str, int], int] = {}
    for key, value in latest.items():
        try:
            kind, *place = orjson.loads(key)
            fields = orjson.loads(value or b"{}")
            if kind == "ack" and fields:
                known[place[0], place[1]] = fields["upto"]
            elif kind == "loss" and fields:
                found.append(Loss(place[0], place[1], place[2], fields["end"], fields["at"], fields["why"]))
        except (ValueError, TypeError, LookupError):
            continue  # not one of ours
    return sorted(loss._replace(acknowledged=loss.end <= known.get(loss[:2], 0)) for loss in found)


def unknown(found: Iterable[Loss]) -> list[Loss]:
    """Those not yet acknowledged."""
    return [loss for loss in found if not loss.acknowledged]


def texts(found: Iterable[Loss]) -> list[str]:
    """Losses for an operator, one line each; quarantined events are counted, one line per partition."""
    lines: list[str] = []
    quarantined: dict[tuple[str, int], list[Loss]] = {}
    for loss in found:
        if loss.why == "quarantined":
            quarantined.setdefault((loss.topic, loss.partition), []).append(loss)
        else:
            lines.append(loss.text())
    for (topic, partition), group in quarantined.items():
        lines.append(f"{len(group):,} events of {topic}/{partition} {WHY['quarantined']}")
    return lines


def gaps(found: Iterable[Loss], topic: str, partition: int) -> list[tuple[int, int]]:
    """Ranges [start, end) of a partition that were skipped: a recount leaves them out, too."""
    return [(x.start, x.end) for x in found if (x.topic, x.partition, x.why) == (topic, partition, "skipped")]


async def read_losses(client_options: Mapping[str, Any], control: str) -> list[Loss]:
    """The losses in the control topic; none if it does not exist yet. Raises KafkaError.

    ``client_options``: arguments for an aiokafka client, as `access.kafka` builds them.
    """
    consumer = AIOKafkaConsumer(
        client_id="crmkpi-losses",
        enable_auto_commit=False,
        isolation_level="read_committed",
        **client_options,
    )
    try:
        await consumer.start()
        if control not in await consumer.topics():
            return []
        return losses(await read_small(consumer, TopicPartition(control, 0)))
    finally:
        await consumer.stop()


async def read_small(consumer: AIOKafkaConsumer, place: TopicPartition) -> list[Entry]:
    """Every record of a small partition, as key and value. Raises KafkaTimeoutError if its end is not reached."""
    begin, end = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
    consumer.assign([place])
    consumer.seek(place, begin)  # no await before this, or the consumer picks a position itself
    found: list[Entry] = []
    until = asyncio.get_running_loop().time() + READ_S
    while await consumer.position(place) < end:
        if asyncio.get_running_loop().time() > until:
            raise KafkaTimeoutError(f"{place.topic} could not be read to the end")
        records = (await consumer.getmany(place, timeout_ms=200)).get(place, ())
        found += [(record.key or b"", record.value) for record in records]
    return found
