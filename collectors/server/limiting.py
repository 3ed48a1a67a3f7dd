"""Rate limits by key and address, in events: a batch counts as many as it holds."""

import math
from collections.abc import Callable
from typing import Final

from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from collectors.server.keys import Sender
from collectors.server.problems import Refusal
from models.collecting import CollectSettings

WRONG_KEYS: Final = 60  # wrong keys per address and minute; further attempts in that minute are refused


class Limits:
    """Limits of one server process."""

    def __init__(self, settings: CollectSettings, now: Callable[[], int]) -> None:
        """``now``: ms UTC."""
        self._now = now
        self._counts = FixedWindowRateLimiter(MemoryStorage())
        self._key = RateLimitItemPerSecond(settings.key_events_per_s)
        self._address = RateLimitItemPerMinute(settings.address_events_per_minute)
        self._guess = RateLimitItemPerMinute(WRONG_KEYS)

    def check(self, sender: Sender, address: str, events: int) -> None:
        """Counts events against the limits. Raises Refusal 429."""
        if not self._counts.hit(self._key, "key", sender.key, cost=events):
            raise self._refusal(self._key, "key", sender.key, "this key sends more events than it may")
        if sender.origins and not self._counts.hit(self._address, "address", sender.key, address, cost=events):
            text = "this address sends more events than it may"
            raise self._refusal(self._address, "address", sender.key, text, address)

    def check_guess(self, address: str) -> None:
        """Raises Refusal 429 if the address has tried too many wrong keys."""
        if not self._counts.test(self._guess, "guess", address):
            raise self._refusal(self._guess, "guess", address, "too many wrong keys from this address")

    def wrong(self, address: str) -> None:
        """Counts a wrong key."""
        self._counts.hit(self._guess, "guess", address)

    def _refusal(
        self, item: RateLimitItemPerSecond | RateLimitItemPerMinute, kind: str, name: str, text: str, *more: str
    ) -> Refusal:
        stats = self._counts.get_window_stats(item, kind, name, *more)
        wait = max(1, math.ceil(stats.reset_time - self._now() / 1000))
        return Refusal(429, "rate", f"{text}; send it again in {wait} s", retry_s=wait)
