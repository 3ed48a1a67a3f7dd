"""No event is lost and none has two ids, whatever happens between a producer and the collector."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.cloudevents import read
from tests.unit.collectors.contract import RECEIVED, arrived, rows
from tests.unit.touchpoints.collector import Collector, port_that_is_free
from touchpoints import AsyncTouchpoints, Busy, Full, Touchpoints, Unsendable, Verdict
from touchpoints.client import MEDIA
from touchpoints.events import encoded, sending
from touchpoints.store import Memory, Spool
from touchpoints.verdicts import Answer, pause, verdicts

FAST: dict[str, Any] = {"batch": 10, "interval": 0.02, "exit_timeout": 10.0}
VIEW = {"url": "https://acme.example/", "anonymous_id": "a-1"}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off in milliseconds; what a server asks for stays."""
    monkeypatch.setattr("touchpoints.verdicts._BASE_S", 0.01)
    monkeypatch.setattr("touchpoints.verdicts._LONGEST_S", 0.05)


def sent(client: Touchpoints, count: int) -> set[str]:
    """Ids of so many events."""
    return {client.track("page.viewed", {**VIEW, "n": n}) for n in range(count)}


@pytest.mark.parametrize("spooled", [False, True])
@pytest.mark.parametrize("plan", [[], ["503", "503"], ["429"], ["cut", "cut"], ["500", "408", "302", "page"]])
def test_every_event_is_taken_once(plan: list[str], spooled: bool, tmp_path: Path) -> None:
    spool = tmp_path / "spool" if spooled else None
    verdicts: list[Verdict] = []
    with Collector(*plan) as collector:
        with Touchpoints(collector.url, "k-1", spool=spool, on_verdict=verdicts.append, **FAST) as client:
            ids = sent(client, 25)
        assert client.waiting == 0
    assert len(ids) == 25
    assert collector.ids == dict.fromkeys(ids, 1)
    assert {(verdict.id, verdict.accepted) for verdict in verdicts} == {(id_, True) for id_ in ids}
    assert len(verdicts) == 25
    assert collector.keys == {"k-1:"}


def test_an_answer_that_is_lost_leads_to_duplicates_by_id_and_nothing_else() -> None:
    with Collector("lost", "well", "lost") as collector, Touchpoints(collector.url, "k", **FAST) as client:
        ids = sent(client, 20)
        assert client.flush(60)
    assert set(collector.ids) == ids
    assert sum(collector.ids.values()) > 20
    by_id: dict[str, dict[str, Any]] = {}
    for event in collector.taken:
        del event["sentat"]
        assert by_id.setdefault(event["id"], event) == event


def test_a_collector_that_is_down_gets_all_once_it_is_up() -> None:
    port = port_that_is_free()
    with Touchpoints(f"http://127.0.0.1:{port}", "k", **FAST) as client:
        ids = sent(client, 25)
        assert not client.flush(0.2)
        with Collector(port=port) as collector:
            assert client.flush(60)
    assert collector.ids == dict.fromkeys(ids, 1)


def test_retry_after_is_honoured() -> None:
    with Collector("503", headers={"retry-after": "1"}) as collector, Touchpoints(collector.url, "k", **FAST) as client:
        sent(client, 1)
        assert client.flush(60)
    (first, _, _), (second, _, _) = collector.requests
    assert second - first >= 1.0


def test_a_refused_event_is_told_and_its_neighbours_are_taken() -> None:
    verdicts: list[Verdict] = []
    slow = {**FAST, "interval": 5}
    with (
        Collector("refuse") as collector,
        Touchpoints(collector.url, "k", on_verdict=verdicts.append, **slow) as client,
    ):
        names = [client.track("page.viewed", VIEW) for _ in range(3)]
        assert client.flush(60)
    assert verdicts[0] == Verdict(names[0], False, "missing_field", "url", "d")
    assert [verdict.accepted for verdict in verdicts] == [False, True, True]
    assert list(collector.ids) == names[1:]


def test_a_refusal_of_the_request_is_final() -> None:
    verdicts: list[Verdict] = []
    with Collector("401") as collector, Touchpoints(collector.url, "k", on_verdict=verdicts.append, **FAST) as client:
        name = client.track("page.viewed", VIEW)
        assert client.flush(60)
    assert [(verdict.id, verdict.accepted, verdict.code) for verdict in verdicts] == [(name, False, "http_401")]
    assert len(collector.requests) == 1


def test_a_batch_that_is_too_large_is_halved() -> None:
    patient = {**FAST, "interval": 5}
    with Collector("413", "413") as collector, Touchpoints(collector.url, "k", **patient) as client:
        ids = sent(client, 10)
        assert client.flush(60)
    assert collector.ids == dict.fromkeys(ids, 1)
    assert [count for _, count, how in collector.requests][:3] == [10, 5, 2]


def test_an_application_that_fails_to_hear_verdicts_loses_none() -> None:
    heard: list[str] = []

    def hear(verdict: Verdict) -> None:
        heard.append(verdict.id)
        raise KeyError("mine")

    with Collector() as collector, Touchpoints(collector.url, "k", on_verdict=hear, **FAST) as client:
        ids = sent(client, 12)
        assert client.flush(60)
    assert set(heard) == ids


def test_batches_are_bounded_by_bytes() -> None:
    with Collector() as collector, Touchpoints(collector.url, "k", **{**FAST, "batch_bytes": 2000}) as client:
        for _ in range(6):
            client.track("page.viewed", {**VIEW, "title": "x" * 700})
    assert {count for _, count, _ in collector.requests} <= {1, 2}


@pytest.mark.parametrize("spooled", [False, True])
def test_a_store_that_is_full_refuses_the_new_and_keeps_the_old(spooled: bool, tmp_path: Path) -> None:
    store = Spool(tmp_path / "spool", 30) if spooled else Memory(30)
    for body in (b"a" * 10, b"b" * 10, b"c" * 10):
        store.put(body)
    with pytest.raises(Full, match="3 events wait"):
        store.put(b"d")
    first = store.oldest(2, 100)
    assert [event.body[:1] for event in first] == [b"a", b"b"]
    store.remove(first)
    store.put(b"d" * 20)
    assert [event.body[:1] for event in store.oldest(9, 5)] == [b"c"]
    assert (store.count, store.size) == (2, 30)
    store.close()


def test_a_spool_has_one_client_at_a_time(tmp_path: Path) -> None:
    first = Spool(tmp_path / "spool", 100)
    with pytest.raises(Busy):
        Spool(tmp_path / "spool", 100, patience=0)
    first.close()
    Spool(tmp_path / "spool", 100, patience=0).close()
    with pytest.raises(Busy):
        Spool(tmp_path, 100, patience=0)


def test_a_full_spool_is_an_error_of_track(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{port_that_is_free()}"
    client = Touchpoints(url, "k", spool=tmp_path / "spool", limit=1000, **FAST)
    with pytest.raises(Full):
        sent(client, 10)
    waited = client.waiting
    assert client.close(0) == waited > 0
    with pytest.raises(RuntimeError):
        client.track("page.viewed", VIEW)


def test_a_spool_is_sent_by_the_next_process_oldest_first(tmp_path: Path) -> None:
    client = Touchpoints(f"http://127.0.0.1:{port_that_is_free()}", "k", spool=tmp_path / "spool", **FAST)
    names = [client.track("page.viewed", VIEW) for _ in range(15)]
    assert client.close(0) == 15
    with Collector() as collector, Touchpoints(collector.url, "k", spool=tmp_path / "spool", **FAST) as client:
        assert client.flush(60)
    assert list(collector.ids) == names


@pytest.mark.parametrize("seed", range(4))
def test_any_faults_lose_nothing_and_give_nothing_two_ids(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    plan = chance.choices(["well", "503", "429", "500", "cut", "lost", "page", "413"], k=80)
    told: dict[int, list[str]] = {n: [] for n in range(4)}
    with Collector(*plan) as collector:
        spool = tmp_path / "spool" if seed % 2 else None
        with Touchpoints(collector.url, "k", spool=spool, **FAST) as client:

            def produce(worker: int) -> None:
                told[worker] += [client.track("page.viewed", {**VIEW, "n": n, "by": worker}) for n in range(60)]

            threads = [threading.Thread(target=produce, args=(worker,)) for worker in told]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert client.flush(60)
    names = {name for ids in told.values() for name in ids}
    assert len(names) == 240
    assert names - collector.too_large <= set(collector.ids) <= names
    meant = {(event["data"]["by"], event["data"]["n"], event["id"]) for event in collector.taken}
    assert len(meant) == len({key[:2] for key in meant})
    for worker, ids in told.items():  # oldest first: where a worker's events were first taken, they are in its order
        first = dict.fromkeys(event["id"] for event in collector.taken if event["data"]["by"] == worker)
        assert list(first) == [name for name in ids if name in first]


@pytest.mark.parametrize("url", ["collector.example", "ftp://collector.example", "https://", ""])
def test_an_address_is_of_the_web(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        Touchpoints(url, "k")


@pytest.mark.parametrize("rejected", [[7], [{"index": []}], [{"index": "0"}], [{}], [{"index": 9}], [{"index": True}]])
def test_a_rejection_that_names_no_event_refuses_none(rejected: Any) -> None:
    answer = Answer(200, {}, json.dumps({"success": True, "rejected": rejected}).encode())
    assert verdicts(answer, ["a", "b"]) == [Verdict("a", True), Verdict("b", True)]


DATES = st.from_regex(
    r"[0-9]{1,3} Nov [0-9]{1,6} [0-9]{1,3}:[0-9]{1,12}(:[0-9]+)? ?([+-][0-9]{1,6}|GMT)?", fullmatch=True
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=DATES | st.text(max_size=20))
def test_any_retry_after_is_a_pause_of_an_hour_at_most(text: str) -> None:
    moment = datetime(2026, 11, 28, tzinfo=UTC)
    assert 0 <= pause(1, Answer(503, {"retry-after": text}, b""), moment, random.Random(1)) < 3602


PRODUCER = """
    import sys, time
    from touchpoints import Touchpoints
    client = Touchpoints(sys.argv[1], "k", spool=sys.argv[2], batch=10, interval=0.01)
    n = 0
    while True:
        name = client.track("page.viewed", {"url": "/", "n": n})
        print(name, flush=True)
        n += 1
        time.sleep(0.001)
"""


def _killed(url: str, spool: Path, after: Callable[[], bool]) -> list[str]:
    """Ids that a producer was told before it was killed; the last line may be cut."""
    command = [sys.executable, "-c", dedent(PRODUCER), url, str(spool)]
    told = spool.with_suffix(".told")
    with told.open("wb") as out, subprocess.Popen(command, stdout=out) as producer:
        deadline = time.monotonic() + 60
        while not (after() and told.stat().st_size > 4000) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(producer.pid, signal.SIGKILL)
    return told.read_text().rpartition("\n")[0].split("\n")


@pytest.mark.parametrize("plan", [["503"] * 1000, ["well", "lost"] * 500])
def test_what_a_killed_process_had_taken_is_sent_by_the_next(plan: list[str], tmp_path: Path) -> None:
    with Collector(*plan) as collector:
        names = _killed(collector.url, tmp_path / "spool", lambda: len(collector.requests) > 1)
        collector.plan.clear()
        with Touchpoints(collector.url, "k", spool=tmp_path / "spool", **FAST) as client:
            assert client.flush(60)
    assert len(names) > 50
    assert set(names) <= set(collector.ids)
    # An event may have been kept whose id nobody was told: the process ended between the two. It has one id, too.
    assert len(set(collector.ids) - set(names)) <= 1
    numbers: dict[int, set[str]] = {}
    for event in collector.taken:
        numbers.setdefault(event["data"]["n"], set()).add(event["id"])
    assert all(len(ids) == 1 for ids in numbers.values())


def test_at_exit_what_waits_is_sent() -> None:
    program = """
        import sys
        from touchpoints import Touchpoints
        client = Touchpoints(sys.argv[1], "k", interval=60)
        for n in range(3):
            client.track("page.viewed", {"url": "/"})
    """
    with Collector() as collector:
        subprocess.run([sys.executable, "-c", dedent(program), collector.url], check=True, timeout=60)
    assert len(collector.ids) == 3


async def test_the_same_with_asyncio(tmp_path: Path) -> None:
    verdicts: list[Verdict] = []
    with Collector("503", "cut", "lost", "refuse") as collector:
        async with AsyncTouchpoints(
            collector.url, "k", spool=tmp_path / "spool", on_verdict=verdicts.append, **FAST
        ) as client:
            names = [await client.track("page.viewed", VIEW) for _ in range(25)]
            names.append(await client.page("https://acme.example/b", user_id="u-1"))
            names.append(await client.identify(user_id="u-1", anonymous_id="a-1"))
            assert await client.flush(60)
            assert client.waiting == 0
    assert [verdict.id for verdict in verdicts] == names
    assert set(collector.ids) == set(names)
    with pytest.raises(RuntimeError):
        await client.track("page.viewed", VIEW)


async def test_any_faults_with_asyncio() -> None:
    plan = random.Random(7).choices(["well", "503", "429", "cut", "lost", "page"], k=60)
    with Collector(*plan) as collector:
        async with AsyncTouchpoints(collector.url, "k", **FAST) as client:

            async def produce() -> list[str]:
                return [await client.track("page.viewed", VIEW) for _ in range(60)]

            told = await asyncio.gather(*(produce() for _ in range(4)))
            assert await client.flush(60)
    names = [name for ids in told for name in ids]
    assert len(set(names)) == 240
    assert set(collector.ids) == set(names)


async def test_an_event_is_not_held_longer_than_the_interval() -> None:
    with Collector() as collector:
        async with AsyncTouchpoints(collector.url, "k", interval=0.05) as client:
            await client.track("page.viewed", VIEW)
            began = time.monotonic()
            while not collector.requests and time.monotonic() < began + 5:
                await asyncio.sleep(0.01)
            assert len(collector.requests) == 1


def test_events_are_valid() -> None:
    zone = timezone(timedelta(hours=2))
    moment = datetime(2026, 11, 28, 12, 0, tzinfo=zone)
    data = {"deal_id": "d", "amount": Decimal("0.10"), "currency": "EUR", "closed_at": moment}
    name, body = encoded("deal.won", data, "/app", None, moment)
    batch = sending([body], datetime(2026, 11, 28, 10, 0, 1, tzinfo=UTC))
    (row,) = rows(read(arrived(batch, MEDIA)))  # as a collector reads it
    assert (row.id, row.source, row.type, row.data["amount"]) == (name, "/app", "crm.deal.won", 10)
    assert row.data["closed_at"] == RECEIVED
    assert row.time == RECEIVED - 1000  # the client's clock is a second ahead


@pytest.mark.parametrize(
    ("type_", "data", "more"),
    [
        ("", {}, {}),
        ("deal.won", {"amount": float("nan")}, {}),
        ("deal.won", {"amount": Decimal("NaN")}, {}),
        ("deal.won", {"deal": object()}, {}),
        ("deal.won", {"text": "x" * 300_000}, {}),
        ("deal.won", {}, {"id": "x" * 257}),
        ("deal.won", {}, {"time": datetime(2026, 11, 28)}),  # noqa: DTZ001 -- without a zone is the point
        ("deal.won", {"closed_at": datetime(2026, 11, 28)}, {}),  # noqa: DTZ001
    ],
)
def test_what_no_collector_would_take_is_an_error_at_once(type_: str, data: dict[str, Any], more: Any) -> None:
    client = Touchpoints(f"http://127.0.0.1:{port_that_is_free()}", "k")
    with pytest.raises(Unsendable):
        client.track(type_, data, **more)
    with pytest.raises(Unsendable):
        client.identify(user_id="u-1")
    assert client.close(0) == 0


def test_pauses_grow_with_full_jitter_and_add_to_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    chance, moment = random.Random(1), datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
    nothing = Answer(503, {}, b"")

    def pauses(attempt: int, answer: Answer) -> list[float]:
        return [pause(attempt, answer, moment, chance) for _ in range(300)]

    for attempt, longest in ((1, 1.0), (3, 4.0), (6, 30.0), (5000, 30.0)):
        found = pauses(attempt, nothing)
        assert min(found) < longest / 10
        assert longest * 0.9 < max(found) <= longest
    for text in ("7", "Sat, 28 Nov 2026 10:00:07 GMT"):
        assert 7 <= min(pauses(1, Answer(429, {"Retry-After": text}, b""))) < 7.6
    for text in ("", "soon", "-1", "²", "Sat, 28 Nov 2026 09:00:00 GMT"):
        assert max(pauses(1, Answer(429, {"retry-after": text}, b""))) <= 1.0
    assert min(pauses(1, Answer(429, {"retry-after": "9" * 30}, b""))) <= 3601
