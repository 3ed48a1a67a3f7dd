"""E-mails to one recipient: the earliest event of each type. Rules: kpi-precise "email …" rows."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kpis.cells.deltas import Delta

NEVER: Final = 1 << 62
SENT, DELIVERED, BOUNCED, OPENED, OPENED_RAW, CLICKED, CLICKED_RAW, UNSUBSCRIBED, COMPLAINED = range(9)
SLOTS: Final = 9
UNFILLED: Final = array("q", [NEVER] * SLOTS)
UNCODED: Final = array("q", [0] * SLOTS)


class Message:
    """An e-mail to one recipient. By slot: the earliest time (ms; or NEVER), and the code of that event's own segments.

    ``last``: the latest times of delivery and bounce, if there are several; usually None.
    """

    __slots__ = ("last", "segments", "times")

    def __init__(self) -> None:
        self.times, self.segments = UNFILLED[:], UNCODED[:]
        self.last: dict[int, int] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickling dormant tenants: as bytes, since two arrays take six times as long."""
        return _unpickled, (self.times.tobytes(), self.segments.tobytes(), self.last)

    @property
    def filled(self) -> list[int]:
        """The slots with an event."""
        return [slot for slot, time in enumerate(self.times) if time != NEVER]

    @property
    def bounced(self) -> bool:
        """Whether it bounced and was not delivered later; a soft bounce may be followed by a delivery."""
        times, last = self.times, self.last or {}
        if times[BOUNCED] == NEVER or times[DELIVERED] == NEVER:
            return times[BOUNCED] != NEVER
        return last.get(BOUNCED, times[BOUNCED]) >= last.get(DELIVERED, times[DELIVERED])


def _unpickled(times: bytes, segments: bytes, last: dict[int, int] | None) -> Message:
    message = Message()
    message.last = last
    message.times, message.segments = array("q", times), array("q", segments)
    return message


def new_message() -> Message:
    """A message without events."""
    return Message()


def is_opt_out(data: dict[str, Any]) -> bool:
    """Whether a click was on an unsubscribe link; these do not count as clicks."""
    url = str(data.get("link_url") or "").lower()
    return "unsubscribe" in url or "opt-out" in url or "optout" in url


def slots_of(kind: str, bot: bool, data: dict[str, Any]) -> tuple[int, ...]:
    """The slots that an event fills. ``kind`` is the type without ``crm.email.``."""
    if kind == "opened":
        return (OPENED_RAW,) if bot else (OPENED, OPENED_RAW)
    if kind == "clicked":
        return () if is_opt_out(data) else (CLICKED_RAW,) if bot else (CLICKED, CLICKED_RAW)
    if bot:
        return ()
    slots = {
        "sent": SENT,
        "delivered": DELIVERED,
        "bounced": BOUNCED,
        "unsubscribed": UNSUBSCRIBED,
        "complained": COMPLAINED,
    }
    return (slots[kind],) if kind in slots else ()


def note(message: Message, slot: int, time: int, segments: int, names: Sequence[tuple[str, ...]]) -> bool:
    """Note a slot's earliest time, and the latest of deliveries and bounces; returns whether anything changed.

    Of two events at the same time, the one with the first segments by name is kept.
    """
    later = slot in (DELIVERED, BOUNCED) and _keep_last(message, slot, time)
    return _keep_first(message, slot, time, segments, names) or later


def _keep_last(message: Message, slot: int, time: int) -> bool:
    """Note a latest time; call it before `_keep_first`."""
    first, last = message.times[slot], message.last or {}
    latest = max(first, time, last.get(slot, 0))
    if first == NEVER or latest in (min(first, time), last.get(slot)):
        return False
    message.last = {**last, slot: latest}
    return True


def _keep_first(message: Message, slot: int, time: int, segments: int, names: Sequence[tuple[str, ...]]) -> bool:
    held = message.times[slot]
    if time > held or (time == held and names[segments] >= names[message.segments[slot]]):
        return False
    message.times[slot], message.segments[slot] = time, segments
    return True


def _first(message: Message, slots: Iterable[int], names: Sequence[tuple[str, ...]]) -> tuple[int, int]:
    """Time and segments of the earliest of some slots; ties go to the first segments by name."""
    times = message.times
    time = min(times[slot] for slot in slots)
    own = [message.segments[slot] for slot in slots if times[slot] == time]
    return time, own[0] if len(own) == 1 else min(own, key=names.__getitem__)


def message_deltas(message: Message, names: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, Delta]]:
    """The deltas of a message, each with the code of its segments; ``names``: segments by code."""
    time = message.times
    any_open = min(time[OPENED_RAW], time[CLICKED_RAW])
    known, segments = _first(message, (SENT, DELIVERED, BOUNCED), names)
    if known != NEVER:
        yield segments, Delta("mail.known", known, 1)
        if message.bounced:
            yield segments, Delta("mail.bounced", known, 1)
    human, own = _first(message, (OPENED, CLICKED), names)
    if human != NEVER:
        yield own, Delta("mail.opened_then", human, 1)
        if time[DELIVERED] == NEVER:
            yield own, Delta("mail.orphan", human, 1)
    for slot, measure in ((CLICKED, "mail.clicked_then"), (UNSUBSCRIBED, "mail.unsubscribed_then")):
        if time[slot] != NEVER:
            yield message.segments[slot], Delta(measure, time[slot], 1)
    if time[DELIVERED] != NEVER:
        yield from _cohort_deltas(time, message.segments[DELIVERED], human != NEVER, any_open != NEVER)
    yield from _engagement_deltas(time)


def _cohort_deltas(time: "array[int]", segments: int, human: bool, raw: bool) -> Iterator[tuple[int, Delta]]:
    """Outcomes of a delivered message, dated at its delivery."""
    outcomes = {
        "mail.delivered": True,
        "mail.opened": human,
        "mail.opened_raw": raw,
        "mail.machine_only": raw and not human,
        "mail.clicked": time[CLICKED] != NEVER,
        "mail.unsubscribed": time[UNSUBSCRIBED] != NEVER,
        "mail.complained": time[COMPLAINED] != NEVER,
    }
    for measure, happened in outcomes.items():
        if happened:
            yield segments, Delta(measure, time[DELIVERED], 1)


def _engagement_deltas(time: "array[int]") -> Iterator[tuple[int, Delta]]:
    """A message's first open is an interaction, unless a click came before it."""
    for measure, opened, clicked in (("eng.email", OPENED, CLICKED), ("raw.email", OPENED_RAW, CLICKED_RAW)):
        if time[opened] != NEVER and time[clicked] >= time[opened]:
            yield 0, Delta(measure, time[opened], 1)
