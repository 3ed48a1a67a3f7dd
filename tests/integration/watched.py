"""A worker's HTTP port, and what comes from it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families


class Scrape(NamedTuple):
    """The samples of one answer of /metrics."""

    samples: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of all series of a name that have these labels."""
        wanted = set(labels.items())
        return sum(value for (found, has), value in self.samples.items() if found == name and wanted <= has)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}


class Watched:
    """One worker's port."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http, self.port = http, port

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body; 0 when nothing listens."""
        try:
            async with self._http.get(f"http://127.0.0.1:{self.port}{path}") as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def body(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON body."""
        status, text = await self.get(path)
        return status, json.loads(text) if text else {}

    async def scrape(self) -> Scrape:
        """All metrics now."""
        _, text = await self.get("/metrics")
        families = text_string_to_metric_families(text)
        return Scrape({(s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples})


@asynccontextmanager
async def watching(port: int) -> AsyncIterator[Watched]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as http:
        yield Watched(http, port)
