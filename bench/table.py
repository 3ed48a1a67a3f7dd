"""The result of a run, for people and scripts."""

from dataclasses import dataclass, field

from bench import offline
from bench.offline import Offline


@dataclass
class Result:
    """Events a second unless stated otherwise; None: not measured."""

    events: int
    raw_librdkafka: float | None = None
    raw_aiokafka: float | None = None
    full_path: float | None = None
    start_s: float | None = None
    rss_mb: float | None = None
    equal: bool | None = None  # whether the full path's documents match the recount
    documents: int | None = None
    one_tenant: float | None = None
    one_tenant_rss_mb: float | None = None
    board: float | None = None  # three tenants with the KPIs and windows of one board
    year: float | None = None
    year_rss_mb: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    restore_per_s: float | None = None
    offline: Offline = field(default_factory=Offline)

    @property
    def right(self) -> bool:
        """Whether all comparisons matched."""
        return self.equal is not False and (self.offline.ducked is None or self.offline.ducked.equal)

    @property
    def ratio(self) -> float | None:
        """Full path to raw aiokafka."""
        return self.full_path / self.raw_aiokafka if self.full_path and self.raw_aiokafka else None

    def summary(self) -> dict[str, float | int | bool | None]:
        """The last line's keys."""
        names = ("raw_librdkafka", "raw_aiokafka", "full_path", "rss_mb", "p50_ms", "p99_ms", "restore_per_s", "ratio",
                 "one_tenant", "one_tenant_rss_mb", "board", "year", "year_rss_mb", "events",
                 "documents", "equal")  # fmt: skip
        found = {name: getattr(self, name) for name in names} | offline.summary(self.offline)
        return {name: short(value) for name, value in found.items()}


def short(value: float | None) -> float | int | None:
    """Rounded to three digits."""
    if value is None or isinstance(value, bool | int):
        return value
    return round(value) if value >= 100 else round(value, 3)


def show(result: Result) -> str:
    """A table: name, rate, and its share of the raw aiokafka rate."""
    base = result.raw_aiokafka
    rows = [("raw librdkafka read", result.raw_librdkafka), ("raw aiokafka read", base),
            ("full path, three tenants", result.full_path), ("full path, one tenant", result.one_tenant),
            ("full path, one board", result.board), ("full path, a shop's year", result.year)]  # fmt: skip
    lines = [f"{'':28}{'events/s':>12}{'of raw aiokafka':>18}"]
    for name, rate in rows:
        if rate is not None:
            lines.append(f"{name:28}{rate:12,.0f}{f'{rate / base:.3f}' if base else '':>18}")
    others = [("peak memory of the worker", result.rss_mb, "MB"),
              ("the same, one tenant", result.one_tenant_rss_mb, "MB"),
              ("the same, a shop's year", result.year_rss_mb, "MB"), ("start to flow", result.start_s, "s"),
              ("latency p50", result.p50_ms, "ms"),
              ("latency p99", result.p99_ms, "ms"), ("restore", result.restore_per_s, "entries/s")]  # fmt: skip
    lines += [f"{name:28}{value:12,.1f} {unit}" for name, value, unit in others if value is not None]
    if result.equal is not None:
        lines.append(
            f"{'equal to the recount':28}{'yes' if result.equal else 'NO':>12} ({result.documents:,} documents)"
        )
    parts = ["\n".join(lines) if lines[1:] else "", offline.show(result.offline)]
    return "\n\n".join(part for part in parts if part)
