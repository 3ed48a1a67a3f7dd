"""Messages and deliveries, as stored in the ledger. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, Self

KIND: Final = "delivery"
RETRY: Final = "retry"  # ("retry", tenant, id of a delivery): a user requested another attempt of an abandoned one
Status = Literal["due", "sent", "dead"]


class Message(NamedTuple):
    """One message, for every channel. type: the kind, for receivers. data: fields for programs.

    html: an e-mail's HTML part. headers: additional e-mail headers. eml: a complete e-mail, instead of everything else.
    """

    type: str
    title: str
    text: str
    at: int  # time of what it reports, ms UTC
    data: Mapping[str, Any] = {}
    html: str = ""
    headers: Mapping[str, str] = {}
    eml: str = ""


class Delivery(NamedTuple):
    """One message to one receiver. Its ``id`` is the same for every attempt.

    about: messages about the same thing reach a receiver in order. address: for e-mail. next: not before, ms UTC.
    error: why the last attempt failed.
    """

    id: str
    tenant: str
    channel: str
    about: str
    message: Message
    created: int  # ms UTC
    address: str = ""
    status: Status = "due"
    attempts: int = 0
    next: int = 0
    done: int | None = None
    error: str = ""
    change: int | None = None  # the position among messages about the same thing

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of its entry."""
        return KIND, self.tenant, self.id

    def as_json(self) -> dict[str, Any]:
        """Its entry. Once sent, it is stored without the message."""
        kept = self.message if self.status != "sent" else self.message._replace(html="", data={}, headers={}, eml="")
        return {**self._asdict(), "message": kept._asdict()}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From the ledger; fields of a newer build are ignored."""
        message = Message(**{name: fields["message"][name] for name in Message._fields if name in fields["message"]})
        own = {name: fields[name] for name in cls._fields if name in fields}
        return cls(**{**own, "message": message})


def stable_id(*parts: object) -> str:
    """The id of a message to a receiver, derived from what identifies it."""
    return "msg_" + hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:32]
