"""Contract renewals: every due date with its outcome. Rules: kpi-precise "renewal_rate"."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypedDict, cast

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta
from kpis.facts.money import Worth, money_deltas

FIELDS: Final = ("due_at", "amount", "currency")
Price = tuple[int | None, str | None]  # minor units, currency


class RenewalData(TypedDict, total=False):
    """A renewal event's fields: the due date it is about (ms), an amount in minor units."""

    due_at: int
    amount: int
    currency: str


class RenewalEvent(NamedTuple):
    """A renewal event of a contract at ``time`` ms. ``kind`` is the type without ``crm.renewal.``."""

    time: int
    source: str
    id: str
    kind: str
    data: RenewalData

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of a contract's events."""
        return self.time, self.source, self.id


@dataclass(slots=True)
class Due:
    """A renewal that falls due: when (ms), its target, and the outcome that applies."""

    at: int
    target: Price
    outcome: RenewalEvent | None = None

    @property
    def state(self) -> str:
        """Open, completed or lost."""
        return "open" if self.outcome is None else self.outcome.kind

    @property
    def renewed(self) -> Price:
        """The price of a completed renewal; its target if the outcome gives none."""
        if self.outcome is None or "amount" not in self.outcome.data:
            return self.target
        return self.outcome.data["amount"], self.outcome.data.get("currency")


def renewal_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> RenewalEvent:
    """The fact of a renewal event."""
    kept = cast(RenewalData, {name: data[name] for name in FIELDS if data.get(name) is not None})
    return RenewalEvent(time, source, id_, kind, kept)


def read_dues(events: list[RenewalEvent]) -> tuple[list[Due], list[int]]:
    """A contract's dues, and the instants of outcomes that belong to none of them.

    An outcome with a due date belongs to that due, and the latest wins; any other to the nearest due without outcome.
    """
    ordered = sorted(events, key=attrgetter("stamp"))
    dues: dict[int, Due] = {}
    for event in ordered:
        if event.kind == "due":
            at = int(event.data["due_at"])
            dues[at] = Due(at, (event.data.get("amount"), event.data.get("currency")))
    orphans = []
    outcomes = [event for event in ordered if event.kind != "due"]
    # Outcomes with a due date come first; the others take what is left open.
    for event in sorted(outcomes, key=lambda event: "due_at" not in event.data):
        due = dues.get(event.data["due_at"]) if "due_at" in event.data else _nearest(dues, event.time)
        if due is None:
            orphans.append(event.time)
        else:
            due.outcome = event
    return list(dues.values()), orphans


def _nearest(dues: dict[int, Due], time: int) -> Due | None:
    free = (due for due in dues.values() if due.outcome is None)
    return min(free, key=lambda due: (abs(due.at - time), due.at), default=None)


def renewal_deltas(events: list[RenewalEvent], zone: Zone, worth: Worth) -> Iterator[Delta]:
    """The deltas of a contract's renewals, each dated when due."""
    dues, orphans = read_dues(events)
    for due in dues:
        yield Delta("renewal_due", due.at, 1)
        if due.state != "open":
            yield Delta(f"renewal_{due.state}", due.at, 1)
        yield from _due_money(due, zone, worth)
    yield from (Delta("renewal_orphan", time, 1) for time in orphans)


def _due_money(due: Due, zone: Zone, worth: Worth) -> Iterator[Delta]:
    """Target, kept and renewed amounts; only the target, unpriced, if either side has no price."""

    def deltas(base: str, price: Price) -> Iterator[Delta]:
        return money_deltas(base, due.at, None, *price, zone, rated=None)

    kept = due.target if due.state != "completed" else _smaller(due, zone, worth)
    target = due.target if kept is not None else (None, None)
    yield from deltas("renewal_target", target)
    if due.state != "open":
        yield from deltas("renewal_target_closed", target)
    if due.state == "completed" and kept is not None:
        yield from deltas("renewal_kept", kept)
        yield from deltas("renewal_renewed", due.renewed)


def _smaller(due: Due, zone: Zone, worth: Worth) -> Price | None:
    """The smaller of target and renewed at the rates of the due day; None: they cannot be compared."""
    (target, currency), (renewed, other) = due.target, due.renewed
    if target is None or renewed is None or currency is None or other is None:
        return None
    if currency == other:
        return min(target, renewed), currency
    day = zone.day(due.at // MINUTE_MS)
    one, two = worth(currency, day), worth(other, day)
    if one is None or two is None:
        return None
    return due.target if one * target <= two * renewed else due.renewed
