"""Outcomes of sending, and retries. Pure."""

from typing import Final, Protocol

from models.notifying import NotifySettings
from notify.message import Delivery

DOUBLED: Final = 30  # doublings; more would exceed any pause


class NotSent(Exception):
    """A message was not, or perhaps not, accepted. ``for_good``: retrying is pointless. retry_s: requested pause."""

    def __init__(self, text: str, *, for_good: bool = False, retry_s: float | None = None) -> None:
        super().__init__(text)
        self.for_good, self.retry_s = for_good, retry_s


class Sender(Protocol):
    """Sends to one kind of channel."""

    async def send(self, delivery: Delivery) -> None:
        """Returns once the receiver has it. Raises NotSent."""
        ...


def pause_s(settings: NotifySettings, attempts: int, chance: float, asked_s: float | None = None) -> float:
    """Seconds until the next attempt: exponential back-off with jitter. ``chance``: 0 to 1.

    A receiver's Retry-After is respected up to the longest pause.
    """
    longest = settings.longest_pause_s
    usual: float = min(settings.first_pause_s * 2 ** min(attempts - 1, DOUBLED), longest)
    return max(usual * (0.75 + 0.5 * chance), min(asked_s or 0.0, longest))


def failed(settings: NotifySettings, one: Delivery, error: NotSent, now: int, chance: float) -> Delivery:
    """A delivery after a failed attempt: due again later, or abandoned. ``now``: ms UTC."""
    tried = one._replace(attempts=one.attempts + 1, error=str(error)[:500])
    if error.for_good or now - one.created >= settings.give_up_s * 1000:
        return tried._replace(status="dead", done=now)
    return tried._replace(next=now + int(1000 * pause_s(settings, tried.attempts, chance, error.retry_s)))


def is_due(settings: NotifySettings, one: Delivery, now: int) -> bool:
    """Whether it may be attempted, including after the clock was set back by more than any pause."""
    return one.next <= now or one.next - now > 2000 * settings.longest_pause_s
