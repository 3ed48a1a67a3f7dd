"""Memory and CPU time of child processes, where the counting happens: `process_*` covers only the worker itself."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TICKS: Final = os.sysconf("SC_CLK_TCK")


class Engines(Collector):
    """Reads /proc on each scrape; both metrics are 0 where there is none."""

    def __init__(self, processes: Path = Path("/proc")) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        """The totals of all child processes."""
        found = [self._child(pid) for pid in self._children()]
        memory, cpu = sum(memory for memory, _ in found), sum(cpu for _, cpu in found)
        yield GaugeMetricFamily("crmkpi_engine_memory_bytes", "Resident memory of the engine process", memory)
        yield CounterMetricFamily("crmkpi_engine_cpu_seconds", "CPU time of the engine process", cpu)

    def _children(self) -> list[str]:
        own = self._processes / str(os.getpid()) / "task"
        return [pid for task in own.glob("*/children") for pid in task.read_text().split()]

    def _child(self, pid: str) -> tuple[int, float]:
        try:
            memory = int((self._processes / pid / "statm").read_text().split()[1]) * PAGE
            spent = (self._processes / pid / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        except (FileNotFoundError, ProcessLookupError):
            return 0, 0.0  # it ended between the listing and the look
        return memory, sum(map(int, spent)) / TICKS
