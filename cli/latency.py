"""Latency from the broker's acknowledgement to a reader of Redis, measured by counting records. Pure."""

from collections import deque


class Latencies:
    """The k-th acknowledged record of a tenant is visible once the tenant's published count has reached k."""

    def __init__(self) -> None:
        self._acked: dict[str, int] = {}
        self._waiting: dict[str, deque[tuple[int, float]]] = {}
        self._seconds: list[float] = []

    def begin(self, tenant: str, count: int) -> None:
        """Records visible before the measurement begins."""
        self._acked[tenant] = count
        self._waiting[tenant] = deque()

    def acked(self, tenant: str, at: float) -> None:
        """The broker has one more record of the tenant, at ``at`` seconds of any steady clock."""
        if tenant in self._acked:
            self._acked[tenant] += 1
            self._waiting[tenant].append((self._acked[tenant], at))

    def visible(self, tenant: str, count: int, at: float) -> None:
        """A reader sees ``count`` records of the tenant counted."""
        waiting = self._waiting.get(tenant)
        while waiting and waiting[0][0] <= count:
            self._seconds.append(at - waiting.popleft()[1])

    def percentile_ms(self, share: float) -> float | None:
        """The latency not exceeded by ``share`` of the records, ms; None without measurements."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)
