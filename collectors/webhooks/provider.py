"""What a provider is: who may call, and what the calls mean. Pure: no clock, no network."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from collectors.arrived import Arrived
from collectors.event import Reading


class Forged(Exception):
    """A signature is missing, wrong or too old. Its text is for the log: the sender learns nothing but 401."""


class Reply(NamedTuple):
    """An answer that the provider expects instead of ours."""

    status: int
    body: bytes
    media: str  # of the body, "text/plain"


def no_handshake(arrived: Arrived, secrets: Sequence[str]) -> Reply | None:
    """Most providers begin without one."""
    return None


class Provider(NamedTuple):
    """One provider.

    ``verify`` raises Forged unless one of the secrets (all that are live, at least one, none empty) proves the sender:
    over the raw bytes, in constant time, and not older than the provider's own tolerance where it signs a time.
    ``read`` makes events of the request; raises Unreadable when it cannot be read at all.
    ``handshake`` answers a request that is none, such as the challenge of a new subscription; None: it is a delivery.
    ``replayed``: what must not come twice with different bodies (a token of Mailgun); None: nothing but event ids.
    ``notice``: what an operator has to know of a proven request, for the log: the address that confirms a subscription.
    """

    name: str  # in the address: "sendgrid"
    title: str  # for people: "SendGrid"
    secret: str  # what to paste as the secret, in words: "the verification key of the event webhook"
    verify: Callable[[Arrived, Sequence[str]], None]
    read: Callable[[Arrived], Reading]
    handshake: Callable[[Arrived, Sequence[str]], Reply | None] = no_handshake
    accepted: Reply = Reply(200, b'{"success":true}', "application/json")
    replayed: Callable[[Arrived], str | None] = lambda _: None
    notice: Callable[[Arrived], str | None] = lambda _: None
