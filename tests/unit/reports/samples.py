"""A simulated company's published numbers, as reports read them.

`python -m tests.unit.reports.samples DIR` writes all ready reports in all languages.
"""

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from reports.gather import gather
from reports.mail import Mail, Sender, mail_of
from reports.numbers import Gathered, Told
from reports.ready import READY
from reports.report import LANGUAGES, Language, Recipient, Report
from reports.schedule import complete
from sinks.base import Points, Publication
from sinks.memory import MemorySink
from sinks.query import QueryRefused

HELD: Final[dict[str, Any]] = orjson.loads(Path(__file__).with_name("numbers.json").read_bytes())
TENANT: Final[str] = HELD["tenant"]
ZONE: Final = ZoneInfo("Europe/Berlin")
AS_OF: Final = datetime.fromtimestamp(HELD["as_of"] / 1000, UTC)
SENDER: Final = Sender("kpis@example.com", "Nordbolt KPIs", "https://kpis.example.com", b"0123456789abcdef")
ANNA: Final = Recipient(mail="anna@example.com")
TARGETS: Final[dict[str, Any]] = {"win_rate": 0.3, "closed_won_value": "25000.00", "late_rate": 0.01, "mrr": "12000.00"}


class Worker:
    """Answers with what a worker did answer."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """A series of a weekly breakdown."""
        self.asked.append(fields)
        found = HELD["series"].get(f"{fields['kpi']} {fields.get('dimension')}")
        if found is None:
            raise QueryRefused(400, "no such series here")
        return dict(found)


async def published(
    targets: Mapping[str, Any] | None = None, documents: list[dict[str, Any]] | None = None, as_of: int | None = None
) -> MemorySink:
    """All of it in a store, as a worker publishes it. ``targets``: by KPI, decimal texts or numbers."""
    sink = MemorySink()
    given = [aimed(one, targets or {}) for one in (HELD["documents"] if documents is None else documents)]
    histories = HELD["histories"].items()
    points = [Points(kpi, step, "0", "9", values) for kpi, steps in histories for step, values in steps.items()]
    await sink.publish(Publication(TENANT, 1, 1, as_of or HELD["as_of"], given, full=True, points=points))
    return sink


def aimed(document: dict[str, Any], targets: Mapping[str, Any]) -> dict[str, Any]:
    """A document with its target, as a worker writes it: of what is better low, attainment is the other way round."""
    target, value = targets.get(document["kpi"]), document["value"]
    if target is None or document["segment"] or not value:
        return document
    share = float(target) / float(value) if document["direction"] == "down" else float(value) / float(target)
    return {**document, "target": {"value": target, "attainment": share, "pace": None, "projection": None}}


def ready(name: str, language: Language = "en", **own: Any) -> Report:
    """A ready report of this company."""
    return READY[name].model_copy(update={"tenant": TENANT, "language": language, "to": (ANNA,), **own})


async def gathered(report: Report, sink: MemorySink | None = None, told: Told | None = None) -> Gathered:
    """Its numbers of the period before `AS_OF`."""
    period = complete(report.schedule.every, AS_OF, ZONE)
    return await gather(report, period, ZONE, sink or await published(), Worker(), told)


def mail(report: Report, sink: MemorySink | None = None, told: Told | None = None, to: Recipient = ANNA) -> Mail:
    """The mail about it."""
    return mail_of(report, asyncio.run(gathered(report, sink, told)), to, SENDER)


def with_targets() -> MemorySink:
    """A store with targets as documents carry them."""
    return asyncio.run(published(TARGETS))


def main(folder: Path) -> None:
    """All four in all languages."""
    folder.mkdir(parents=True, exist_ok=True)
    told = Told("before", {"closed_won_value": "1.00", "leads": 100, "mrr": "5000.00", "late_rate": 0.5})
    for name in READY:
        for language in LANGUAGES:
            made = mail(ready(name, language), with_targets() if name != "marketing_week" else None, told)
            (folder / f"{name}-{language}.eml").write_bytes(made.bytes())
            (folder / f"{name}-{language}.html").write_text(made.html)
            print(len(made.bytes()), len(made.html), made.subject)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
