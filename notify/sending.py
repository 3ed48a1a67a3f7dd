"""What sending may come to, and when it is tried again. Pure."""

from typing import Final, Protocol

from models.notifying import NotifySettings
from notify.message import Delivery

DOUBLED: Final = 30  # times; more is longer than any pause


class NotSent(Exception):
    """It was not taken, or that is not known. ``for_good``: no later try could do better. retry_s: asked for."""

    def __init__(self, text: str, *, for_good: bool = False, retry_s: float | None = None) -> None:
        super().__init__(text)
        self.for_good, self.retry_s = for_good, retry_s


class Sender(Protocol):
    """Sends to one kind of channel."""

    async def send(self, delivery: Delivery) -> None:
        """Returns when the receiver has it. Raises NotSent."""
        ...


def pause_s(settings: NotifySettings, attempts: int, chance: float, asked_s: float | None = None) -> float:
    """Seconds until the next try: doubled each time, with a random part. ``chance``: 0 to 1.

    What a receiver asks for (Retry-After) is obeyed up to the longest pause.
    """
    longest = settings.longest_pause_s
    usual: float = min(settings.first_pause_s * 2 ** min(attempts - 1, DOUBLED), longest)
    return max(usual * (0.75 + 0.5 * chance), min(asked_s or 0.0, longest))


def failed(settings: NotifySettings, one: Delivery, error: NotSent, now: int, chance: float) -> Delivery:
    """A delivery after a try that failed: due again later, or dead. ``now``: ms UTC."""
    tried = one._replace(attempts=one.attempts + 1, error=str(error)[:500])
    if error.for_good or now - one.created >= settings.give_up_s * 1000:
        return tried._replace(status="dead", done=now)
    return tried._replace(next=now + int(1000 * pause_s(settings, tried.attempts, chance, error.retry_s)))


def is_due(settings: NotifySettings, one: Delivery, now: int) -> bool:
    """Whether it may be tried: also where the clock was put back since, by more than a pause can be."""
    return one.next <= now or one.next - now > 2000 * settings.longest_pause_s
