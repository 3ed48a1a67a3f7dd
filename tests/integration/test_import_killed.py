"""The import of 8,800 real opportunities, killed with SIGKILL three times; and the same export a week later.

What Kafka holds in the end is computed like any file of events, beside the events of the file as nobody imported it.
"""

import csv
import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.events.deals import TOPIC
from ops.local import Kafka
from tests.integration.crm_rig import MAPPING, ROOT, Crm
from tests.sets import crm_opportunities as crm

pytestmark = [
    pytest.mark.soak,
    pytest.mark.servers,
    pytest.mark.skipif(not crm.SHARED.exists(), reason="the shared data sets are not beside this repository"),
]
KILLS: Final = (500, 4_000, 9_000)  # records on Kafka at which a run is killed
CHANGED, NEW = 20, 50
ASKED: Final = ("closed_won_deals", "closed_lost_deals", "closed_won_value", "win_rate", "open_pipeline")


@pytest.fixture
async def found(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> Crm:
    """An installation without events, and the export in a folder of its own."""
    shutil.copytree(crm.SHARED / "crm_sales_opportunities", tmp_path / "export")
    made = Crm(kafka.bootstrap, redis_url, app_id, tmp_path)
    await made.make_topics()
    return made


def command(found: Crm, *more: object) -> list[str]:
    """`crmkpi import` of the export."""
    words = (found.folder / "export" / "sales_pipeline.csv", "--mapping", MAPPING, "--tenant", found.tenant, *more)
    return [sys.executable, "-m", "cli", "import", *map(str, words)]


def run(words: list[str], found: Crm) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    done = subprocess.run(words, env=found.env, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


async def killed(found: Crm, at: int) -> None:
    """An import until Kafka holds so many records."""
    words = command(found, "--ledger", found.folder / "ledger")
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(words, env=found.env, cwd=ROOT, stdout=quiet, stderr=quiet)
    end = time.monotonic() + 120
    try:
        async with reading(found) as (consumer, partitions):
            while sum((await consumer.end_offsets(partitions)).values()) < at:
                assert process.poll() is None, "it was through before it could be killed"
                assert time.monotonic() < end, f"{at} records did not arrive"
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def reading(found: Crm) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """A consumer of the topic of deals, and its partitions."""
    topic = f"{found.settings.topic_prefix}{TOPIC}"
    async with AIOKafkaConsumer(topic, bootstrap_servers=found.settings.kafka.bootstrap_servers) as consumer:
        yield consumer, [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]


async def on_kafka(found: Crm) -> list[str]:
    """All events that are there, of each partition in its order."""
    async with reading(found) as (consumer, partitions):
        events: list[str] = []
        await consumer.seek_to_beginning(*partitions)
        while len(events) < sum((await consumer.end_offsets(partitions)).values()):
            for batch in (await consumer.getmany(timeout_ms=1_000)).values():
                events += [record.value.decode() for record in batch]
        return events


def as_new(found: Crm, name: str) -> list[str]:
    """The events of the export as nobody imported it before."""
    return run(command(found, "--dry-run", "--ledger", found.folder / name), found).stdout.splitlines()


def computed(found: Crm, events: list[str]) -> dict[str, Any]:
    """What `crmkpi compute` says of some events at the end of 2017, by KPI and sales agent."""
    file = found.folder / "events.jsonl"
    file.write_text("\n".join(events))
    asked = [word for kpi in ASKED for word in ("--kpi", kpi)]
    words = ["compute", str(file), "--as-of", "2017-12-31", "--window", "all", "--segment", "sales_agent", "--json"]
    done = run([sys.executable, "-m", "cli", *words, *asked], found)
    assert " 0 refused" in done.stderr, done.stderr  # an id with two contents would be
    return {f"{one['kpi']} {one['segment']}": one["value"] for one in json.loads(done.stdout)}


def a_week_later(found: Crm) -> None:
    """Some opportunities are new, others were won for another amount; the rows stand in another order."""
    file = found.folder / "export" / "sales_pipeline.csv"
    with file.open() as lines:
        names, *rows = csv.reader(lines)
    key, value, stage = (names.index(name) for name in ("opportunity_id", "close_value", "deal_stage"))
    won = [row for row in rows if row[stage] == "Won"]
    added = [[*row[:key], f"NEW{row[key]}", *row[key + 1 :]] for row in won[-NEW:]]
    for row in won[:CHANGED]:
        row[value] = str(int(row[value]) + 1_000)
    with file.open("w") as lines:
        csv.writer(lines).writerows([names, *added, *reversed(rows)])


def by_id(events: list[str]) -> dict[str, set[str]]:
    """Id -> what was said under it."""
    found: dict[str, set[str]] = {}
    for event in map(json.loads, events):
        found.setdefault(event["id"], set()).add(json.dumps([event["time"], event["type"], event["data"]]))
    return found


async def test_a_killed_import_is_exact_and_so_is_next_weeks(found: Crm) -> None:
    """Three times killed and once run through; then the changed file, killed once: nothing missing, no conflict."""
    for at in KILLS:
        await killed(found, at)
    run(command(found, "--ledger", found.folder / "ledger"), found)
    first = by_id(await on_kafka(found))
    assert first == by_id(as_new(found, "first"))

    a_week_later(found)
    await killed(found, len(await on_kafka(found)) + 500)
    run(command(found, "--ledger", found.folder / "ledger"), found)
    events = await on_kafka(found)
    assert all(len(said) == 1 for said in by_id(events).values())
    assert len(by_id(events)) == len(first) + CHANGED + 2 * NEW

    imported, new = computed(found, events), computed(found, as_new(found, "second"))
    assert imported == new
    assert new["closed_won_deals {}"] == crm.expected()["stage_counts"]["Won"] + NEW
