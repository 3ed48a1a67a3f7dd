"""E-mail messages and calls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from models.record import BOT, Row
from recount.facts import Dims, Fact, Source, dated
from recount.parts import of_object

VERBS: Final = ("sent", "delivered", "bounced", "unsubscribed", "complained")
UNSUBSCRIBE: Final = ("unsubscribe", "opt-out", "optout")


def message_key(row: Row) -> tuple[str, str]:
    """The key of a message to one recipient."""
    return str(row.data["message_id"]), str(row.data.get("recipient_hash") or "")


def is_click(row: Row) -> bool:
    """A click on anything but an unsubscribe link."""
    link = str(row.data.get("link_url") or "").lower()
    return row.type == "crm.email.clicked" and not any(word in link for word in UNSUBSCRIBE)


def fills(row: Row) -> bool:
    """Whether an event affects its message."""
    verb = row.type.removeprefix("crm.email.")
    known = ("opened", "clicked") if row.flags & BOT else (*VERBS, "opened", "clicked")
    return row.type.startswith("crm.email.") and verb in known and (verb != "clicked" or is_click(row))


@dataclass
class Message:
    """A message's events, earliest first; a robot's opens and clicks are kept apart from people's."""

    events: dict[str, list[Row]] = field(default_factory=dict)
    machine: bool = False

    def of(self, *verbs: str) -> list[Row]:
        """Its events of these kinds."""
        return [row for verb in verbs for row in self.events.get(verb, [])]

    @property
    def bounced(self) -> bool:
        """Whether it bounced and was not delivered after that."""
        bounces, deliveries = self.of("bounced"), self.of("delivered")
        return any(all(one.time <= bounce.time for one in deliveries) for bounce in bounces)

    def has(self, *verbs: str) -> bool:
        """Whether any of these events happened."""
        return bool(self.of(*verbs))

    def add(self, row: Row) -> None:
        """Note one event."""
        verb = row.type.removeprefix("crm.email.")
        if verb == "clicked" and not is_click(row):
            return
        if not row.flags & BOT:
            self.events.setdefault(verb, []).append(row)
        elif verb in ("opened", "clicked"):
            self.machine = True


class Mail:
    """The messages and calls of a tenant. ``dims`` gives an event's own segments."""

    def __init__(self, rows: Iterable[Row], dims: Callable[[Row], Dims], acts: Callable[[Row], bool]) -> None:
        self.messages: dict[tuple[str, str], Message] = {}
        calls: dict[str, list[Fact]] = {"inbound": [], "outbound": []}
        for row in rows:
            if row.type.startswith("crm.email.") and row.data.get("message_id"):
                if of_object(row, "message"):
                    self.messages.setdefault(message_key(row), Message()).add(row)
            elif row.type == "crm.call.ended" and acts(row) and not row.flags & BOT and row.data["direction"] in calls:
                connected = row.data["outcome"] == "connected"
                calls[row.data["direction"]].append(Fact(row.time, dims(row), connected))
        self.dims = dims
        self.outbound, self.inbound = dated(calls["outbound"]), dated(calls["inbound"])
        self.delivered = self.by("delivered")
        self.sent = self.by("sent", "delivered", "bounced")
        self.opened = self.by("opened", "clicked")

    def by(self, *verbs: str) -> Source:
        """Messages dated at the first of these events, in its segments; ties are broken by segment values."""

        def order(row: Row) -> tuple[int, list[str]]:
            return row.time, list(self.dims(row).values())

        firsts = [(message, min(message.of(*verbs), key=order, default=None)) for message in self.messages.values()]
        return dated(Fact(row.time, self.dims(row), message) for message, row in firsts if row)
