"""The benchmark's own arithmetic, and that DuckDB says the same as the engine."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from bench import growth, page
from bench.duck import Ducked, break_even_s, load, refresh
from bench.duck_figures import Figure, Key, differences
from bench.feeds import structured
from bench.held import Held, Live, blocks, count
from bench.offline import Feeds, Offline
from bench.orders import CUSTOMERS, ORDERS, orders
from bench.table import Result
from bench.workload import AS_OF, SPAN_MS, THREE, events
from kpis.catalog import CATALOG
from kpis.engine import Engine
from models.record import RawRecord
from models.tenants import TenantBook
from models.validate import validate
from simulator import sized
from simulator.sent import Sent

Document = dict[str, Any]
EVENTS = 4_000


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """The engine's."""
    return documents_of(SPAN_MS)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Figure]:
    """DuckDB's."""
    return figures_of(SPAN_MS, tmp_path_factory.mktemp("duck"))


def documents_of(span_ms: int) -> list[Document]:
    """The engine's, of a workload that takes so long."""
    engine = Engine(TenantBook.from_mapping({}))
    for _, batch in blocks(events(EVENTS, THREE, AS_OF, span_ms=span_ms), 1_000):
        count(engine, batch)
    return [{**one, "tenant": tenant} for tenant in THREE for one in engine.documents(tenant, AS_OF, live=False)]


def figures_of(span_ms: int, folder: Path) -> dict[Key, Figure]:
    """DuckDB's, of the same."""
    file = folder / "events.jsonl"
    file.write_bytes(b"".join(made.value + b"\n" for made in events(EVENTS, THREE, AS_OF, span_ms=span_ms)))
    return refresh(load(file), AS_OF)


def test_duckdb_finds_the_figures_of_the_engine(figures: dict[Key, Figure], documents: list[Document]) -> None:
    """In every window, of at least fifteen KPIs. In the workload the median of sales cycles is 0 days."""
    assert differences(figures, documents) == []
    ids = {kpi for *_, kpi in figures}
    assert len(ids) >= 15
    assert ids <= {kpi.id for kpi in CATALOG}
    told = {kpi for (*_, kpi), figure in figures.items() if figure.value not in (None, 0, "0.00")}
    assert ids - told == {"sales_cycle_days", "sales_cycle_days_lost", "sales_cycle_days_closed"}


def test_events_at_the_same_millisecond(tmp_path: Path) -> None:
    """Nearly all of these are: which comes last is up to their kind or their id, by the rule."""
    assert differences(figures_of(2_000, tmp_path), documents_of(2_000)) == []


@pytest.mark.parametrize("field", Figure._fields)
def test_a_document_that_differs_is_found(figures: dict[Key, Figure], documents: list[Document], field: str) -> None:
    """Whatever differs in it."""
    place = next(n for n, one in enumerate(documents) if one["kpi"] == "win_rate" and one["window"] == "today")
    wrong = [*documents[:place], {**documents[place], field: 0.5}, *documents[place + 1 :]]
    assert [line.split(":")[0] for line in differences(figures, wrong)] == [
        f"{documents[place]['tenant']} today win_rate"
    ]


def test_a_document_that_is_missing_is_found(figures: dict[Key, Figure], documents: list[Document]) -> None:
    """And a figure that DuckDB lacks."""
    place = next(n for n, one in enumerate(documents) if one["kpi"] == "visitors" and one["window"] == "1h")
    assert len(differences(figures, documents[:place] + documents[place + 1 :])) == 1
    fewer = {key: figure for key, figure in figures.items() if key != (THREE[0], "all", "win_rate")}
    assert len(differences(fewer, documents)) == 1


def test_the_interval_from_which_on_duckdb_is_cheaper() -> None:
    """At 1,000 events a second of 100 µs the engine takes a tenth of a core: 0.2 s of CPU in two seconds."""
    half = len(CATALOG) // 2
    found = Ducked(1_000, load_s=0.8, refresh_s=0.2, rss_mb=0, kpis=half, figures=1, differences=[], compute_s=10,
                   compute_mb=0, documents=1)  # fmt: skip
    assert break_even_s(found.refresh_s, 100, 1_000) == pytest.approx(2)
    assert break_even_s(found.scaled_s, 100, 1_000) == pytest.approx(2 * len(CATALOG) / half)
    assert found.compute_ratio == pytest.approx(10)


def test_a_straight_line_has_the_ratio_one() -> None:
    """With a part that is there without any event."""
    straight = growth.further([10, 20, 50], [100 + 3 * size for size in (10, 20, 50)])
    bent = growth.further([10, 20, 50], [size * size for size in (10, 20, 50)])
    assert growth.Growth("line", "line", straight).ratio == 1
    assert growth.Growth("bent", "bent", bent).ratio == pytest.approx(70 / 30)
    assert growth.Growth("one", "one", [None, 3.0]).ratio is None


def test_the_table_of_the_page_is_put_together_from_runs() -> None:
    """Each row is a key of the last line; a later run counts, and what it did not measure stays."""
    live = {str(size): Live(count_us=50, compose_us=50, document_us=5) for size in growth.BATCHES}
    grown = [Held(size, fill_us=40, live=live, documents=9, document_us=5, rss_mb=100) for size in (10, 100)]
    duck = Ducked(100, load_s=0.8, refresh_s=0.2, rss_mb=9, kpis=27, figures=1, differences=[], compute_s=10,
                  compute_mb=9, documents=1)  # fmt: skip
    keys = Result(100, offline=Offline(duck, grown, Feeds(1, 2, 3))).summary()
    assert {row.key for row in page.ROWS} <= keys.keys()
    runs: list[page.Keys] = [
        {**keys, "break_even_s": None, "full_path": 7_000},
        {"events": 100, "full_path": 8_000, "p50_ms": None},
    ]
    found = page.merged([*runs, {"events": 50, "p50_ms": 1.0}])
    assert found[50] == {"events": 50, "p50_ms": 1.0}
    assert (found[100]["full_path"], found[100]["break_even_s"]) == (8_000, 1.0)
    text = page.rewritten(page.PAGE.read_text(), found)
    assert "| `full_path`, events/s |  | 8,000 |" in text
    assert page.rewritten(text, found) == text


def test_orders_are_as_many_and_of_as_many_customers() -> None:
    """As those of the data set; by time, and the same every time."""
    found = [orjson.loads(line) for line in orders(ORDERS)]
    assert len(found) == ORDERS
    assert len({one["data"]["customer_id"] for one in found}) == CUSTOMERS
    assert [one["time"] for one in found] == sorted(one["time"] for one in found)
    assert orders(500) == orders(500)


def test_a_line_of_a_file_says_what_a_record_said() -> None:
    """Binary mode, too: the same event, whole."""

    def sent() -> Iterator[Sent]:
        return sized(Random(1), 3, 3_000, AS_OF, days=3).history()

    assert any(one.headers for one in sent())
    for one in sent():
        record = RawRecord(one.topic, 0, 1, -1, one.key, one.value, tuple(one.headers))
        line = RawRecord(one.topic, 0, 1, -1, None, structured(one))
        assert [row[1:] for row in validate([record])[0]] == [row[1:] for row in validate([line])[0]]
