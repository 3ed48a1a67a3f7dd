"""What is told, and what became of it, as the ledger keeps it. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, Self

KIND: Final = "delivery"
RETRY: Final = "retry"  # ("retry", tenant, id of a delivery): somebody wants one that is dead to be tried again
Status = Literal["due", "sent", "dead"]


class Message(NamedTuple):
    """One message, for every channel. type: as receivers tell kinds apart. data: what programs read of it.

    html: an e-mail's body beside the text. headers: more of an e-mail's. eml: a whole e-mail, in place of all of it.
    """

    type: str
    title: str
    text: str
    at: int  # what it tells happened then, ms UTC
    data: Mapping[str, Any] = {}
    html: str = ""
    headers: Mapping[str, str] = {}
    eml: str = ""


class Delivery(NamedTuple):
    """One message to one receiver. Its ``id`` is the same however often it is tried.

    about: messages about one thing reach a receiver in their order. address: of e-mail. next: not before, ms UTC.
    error: why the last try failed.
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
    change: int | None = None  # of what it tells, as whoever made it numbers that

    @property
    def key(self) -> tuple[str, str, str]:
        """Of its entry."""
        return KIND, self.tenant, self.id

    def as_json(self) -> dict[str, Any]:
        """Its entry. What was sent is kept without the message itself."""
        kept = self.message if self.status != "sent" else self.message._replace(html="", data={}, headers={}, eml="")
        return {**self._asdict(), "message": kept._asdict()}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From the ledger; fields of a newer build are left alone."""
        message = Message(**{name: fields["message"][name] for name in Message._fields if name in fields["message"]})
        own = {name: fields[name] for name in cls._fields if name in fields}
        return cls(**{**own, "message": message})


def stable_id(*parts: object) -> str:
    """The id of a message to a receiver: of what decides it, and nothing else."""
    return "msg_" + hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:32]
