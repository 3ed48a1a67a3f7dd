"""What every sink promises: the newest revision wins whole, and documents come back as they were given."""

import asyncio
import random
import time
from typing import Any

import pytest

from sinks.base import FIRST_OF_SWEEP, IN_SWEEP, Held, Note, Point, Points, Reader, Status, Update
from tests.contract.boards import board, document, publication
from tests.contract.conftest import Store

HOSTILE = [
    "",
    ":",
    "a:b=c",
    "*",
    "[a-z]?",
    "{x}",
    "}",
    "line\nbreak\r\0\x1b[31m",
    "Ääkköset 🙂",
    "%3A",
    "a b",
    "x" * 200,
]


async def everything(reader: Reader) -> list[Any]:
    """All that can be read of tenant acme."""
    return [
        await reader.documents("acme"),
        await reader.kpis("acme"),
        await reader.snapshot("acme", "30d"),
        await reader.history("acme", "orders", "day"),
    ]


async def take(reader: Reader, count: int, after: str) -> list[Update]:
    """The next updates of tenant acme."""
    updates: list[Update] = []
    async for update in reader.updates("acme", after):
        updates.append(update)
        if len(updates) == count:
            break
    return updates


async def test_nothing_published_reads_as_empty(store: Store) -> None:
    """A tenant nobody published has no revision, no documents and no board."""
    assert await store.sink.revision("acme") is None
    assert await everything(store.reader) == [[], [], [], {}]
    assert await store.reader.document("acme", "orders", "30d") is None
    assert await store.reader.tenants() == []


@pytest.mark.parametrize("newer", [(0, 6, 0), (0, 5, 3), (1, 0, 0), (0, 10, 0), (0, 2**52, 0)])
async def test_newer_wins(store: Store, newer: tuple[int, int, int]) -> None:
    """Epoch decides, then position, then as_of; all as numbers, not as text."""
    await store.sink.publish(publication(5, document(value=1), as_of=2))
    epoch, position, as_of = newer
    assert await store.sink.publish(publication(position, document(value=2), epoch=epoch, as_of=as_of))
    assert await store.sink.revision("acme") == newer
    assert await store.reader.document("acme", "orders", "30d") == document(value=2)


async def test_how_many_kpis_wait_is_that_of_the_newest_publication(store: Store) -> None:
    """None before the first; a publication that was refused changes nothing."""
    seen = [(await store.reader.board("acme")).waiting]
    for position, waiting in ((5, 3), (4, 9), (6, 0)):
        await store.sink.publish(publication(position, document(), waiting=waiting))
        seen.append((await store.reader.board("acme")).waiting)
    assert seen == [0, 3, 3, 0]


@pytest.mark.parametrize("older", [(3, 4, 9), (3, 5, 1), (2, 99, 99)])
async def test_older_is_refused_whole(store: Store, older: tuple[int, int, int]) -> None:
    """A resumed zombie changes nothing: no document, no index, no series, no update, no revision."""
    now = [document(value=1), document("leads", "today")]
    await store.sink.publish(publication(5, *now, epoch=3, as_of=2))
    before = await everything(store.reader)
    late = [document(value=0), document("new"), document("orders", "today"), document("leads", "today", 9)]
    epoch, position, as_of = older
    for full in (False, True):
        assert not await store.sink.publish(publication(position, *late, epoch=epoch, as_of=as_of, full=full))
    assert await everything(store.reader) == before
    assert await store.sink.revision("acme") == (3, 5, 2)
    await store.sink.publish(publication(6, document(), epoch=3))
    assert [update.rev for update in await take(store.reader, 2, "0")] == ["3.5", "3.6"]


async def test_equal_revision_writes_again(store: Store) -> None:
    """A publication whose answer was lost may be sent again."""
    await store.sink.publish(publication(5, document(value=1)))
    assert await store.sink.publish(publication(5, document(value=2)))
    assert await store.reader.document("acme", "orders", "30d") == document(value=2)


async def test_any_arrival_order_ends_with_the_newest(store: Store) -> None:
    """Whatever the order in which several writers come through, the highest revision is what stays."""
    revisions = [(e, p, a) for e in range(2) for p in range(4) for a in range(2)]
    random.Random(7).shuffle(revisions)
    await asyncio.gather(
        *(
            store.sink.publish(publication(p, *board(20, [e, p, a]), epoch=e, as_of=a, full=True))
            for e, p, a in revisions
        )
    )
    assert {tuple(found["value"]) for found in await store.reader.documents("acme")} == {max(revisions)}


async def test_lost_store_is_filled_again(store: Store) -> None:
    """After FLUSHALL the revision is missing, which asks for a full publication, and that brings all back."""
    full = publication(5, *board(40, 1), document("orders", "30d"), full=True)
    await store.sink.publish(full)
    before = await everything(store.reader)
    await store.flush()
    assert await store.sink.revision("acme") is None
    assert await store.sink.publish(full)
    assert await everything(store.reader) == before
    assert await store.reader.tenants() == ["acme"]


async def test_lost_store_is_filled_again_in_slices(store: Store) -> None:
    """As a worker does it that goes on meanwhile; the tenant is listed again, too."""
    await store.sink.publish(publication(5, document("a"), document("b"), full=True))
    await store.flush()
    await store.sink.publish(publication(6, document("a", value=2)))
    await store.sink.publish(publication(6, document("a", value=2), sweep=FIRST_OF_SWEEP))
    assert await store.reader.tenants() == ["acme"]
    await store.sink.publish(publication(6, document("b"), sweep=IN_SWEEP, full=True))
    assert await store.reader.documents("acme") == [document("a", value=2), document("b")]
    assert await store.reader.tenants() == ["acme"]


async def test_changes_leave_the_rest(store: Store) -> None:
    """A publication of a few changes keeps every other document, and the snapshot stays whole and sorted."""
    await store.sink.publish(publication(1, document("b"), document("c"), document("b", "7d"), full=True))
    await store.sink.publish(publication(2, document("c", value=2), document("a"), document("b", segment={"s": "x"})))
    assert await store.reader.snapshot("acme", "30d") == [document("a"), document("b"), document("c", value=2)]
    assert await store.reader.snapshot("acme", "7d") == [document("b", "7d")]
    assert await store.reader.kpis("acme") == ["a", "b", "c"]


async def test_full_removes_what_is_not_in_it(store: Store) -> None:
    """Documents, KPIs and boards of the tenant that a full publication lacks are gone; other tenants' stay."""
    await store.sink.publish(publication(1, *board(40, 1), document("old", "7d")))
    await store.sink.publish(publication(1, document("old", "7d"), tenant="acme2"))
    await store.sink.publish(publication(2, document("b"), document("b", segment={"owner": "x"}), full=True))
    assert await everything(store.reader) == [
        [document("b"), document("b", segment={"owner": "x"})],
        ["b"],
        [document("b")],
        {},
    ]
    assert await store.reader.snapshot("acme", "7d") == []
    assert await store.reader.document("acme", "old", "7d") is None
    assert await store.reader.documents("acme2") == [document("old", "7d")]


async def test_document_is_replaced_whole(store: Store) -> None:
    """An optional field that no longer applies does not linger."""
    await store.sink.publish(publication(1, document(excluded=3, parts={"open": 1}, currency="EUR")))
    await store.sink.publish(publication(2, document()))
    assert await store.reader.document("acme", "orders", "30d") == document()


VALUES = [
    *(None, 0, "", "0", 0.0, False, True, "false", "null", "12.50", "-1e9", 12.5, 1e300, 1 / 3, -7, 2**53 + 1),
    *("{}", "[1]", {}, [], {"a": None}, [None, 0, ""], "2026-11-14", "0.1", "\0\n", "007", "+1", "NaN", "٣"),
]


@pytest.mark.parametrize("value", VALUES)
async def test_values_keep_their_type(store: Store, value: Any) -> None:
    """Null, 0, empty text, text of digits and JSON are all told apart after reading, on the board too."""
    given = document(value=value, margin=value)
    await store.sink.publish(publication(1, given))
    for found in (await store.reader.document("acme", "orders", "30d"), *(await store.reader.snapshot("acme", "30d"))):
        assert found == given
        assert type(found["value"]) is type(value)


async def test_no_number_becomes_null(store: Store) -> None:
    """JSON has no NaN and no infinity: they read as null everywhere."""
    await store.sink.publish(publication(1, document(value=float("nan")), document("b", value=float("inf"))))
    for found in [*await store.reader.documents("acme"), *await store.reader.snapshot("acme", "30d")]:
        assert found["value"] is None


async def test_hostile_segments_stay_apart(store: Store) -> None:
    """No value of a dimension can reach another document, break a key or get lost."""
    given = [document(segment={dim: value}, value=i) for i, value in enumerate(HOSTILE) for dim in ("owner", "a:b=*")]
    await store.sink.publish(publication(1, document(value=-1), *given, full=True))
    for one in given:
        assert await store.reader.document("acme", "orders", "30d", one["segment"]) == one
    assert len(await store.reader.documents("acme")) == len(given) + 1
    assert await store.reader.snapshot("acme", "30d") == [document(value=-1)]


def points(low: str, high: str, step: str = "day", kpi: str = "orders", **values: list[Any]) -> Points:
    """Days of a history: ``d14=[3, 3]`` is that of 14 November."""
    return Points(kpi, step, low, high, {f"2026-11-{day[1:]}": value for day, value in values.items()})


async def test_a_history_is_put_together_of_publications(store: Store) -> None:
    """Later points win, others stay; each step and KPI is by itself; values keep their type."""
    first = points("2026-11-12", "2026-11-14", d14=["12.50", 2], d12=[None, 0, "no_data"], d13=[0, 0, "low_n"])
    await store.sink.publish(
        publication(1, document(), points=[first, points("2026-11-09", "2026-11-09", "week", d09=[1, 9])])
    )
    again = points("2026-11-12", "2026-11-15", d13=[0.25, 40], d15=[7, 7])
    await store.sink.publish(publication(2, points=[again, points("2026-11-15", "2026-11-15", kpi="a:b*", d15=[1, 1])]))
    found = await store.reader.history("acme", "orders", "day")
    assert list(found.items()) == [
        ("2026-11-12", Point(None, 0, "no_data")),
        ("2026-11-13", Point(0.25, 40, "ok")),
        ("2026-11-14", Point("12.50", 2, "ok")),
        ("2026-11-15", Point(7, 7, "ok")),
    ]
    assert await store.reader.histories("acme", ["orders", "a:b*", "leads"], "day") == {
        "orders": found,
        "a:b*": {"2026-11-15": Point(1, 1)},
        "leads": {},
    }
    assert await store.reader.history("acme", "orders", "week") == {"2026-11-09": Point(1, 9)}
    assert await store.reader.history("acme", "orders", "month") == {}


async def test_buckets_outside_those_that_are_kept_go(store: Store) -> None:
    """Before the first, after the last; with no first and no last all of them."""
    await store.sink.publish(
        publication(1, document(), points=[points("2026-11-01", "2026-11-30", d01=[1, 1], d02=[2, 2], d30=[3, 3])])
    )
    await store.sink.publish(publication(2, points=[points("2026-11-02", "2026-11-28", d05=[5, 5])]))
    assert await store.reader.history("acme", "orders", "day") == {"2026-11-02": Point(2, 2), "2026-11-05": Point(5, 5)}
    await store.sink.publish(publication(3, points=[points("~", "")]))
    assert await store.reader.history("acme", "orders", "day") == {}


async def test_an_older_publication_changes_no_history(store: Store) -> None:
    """Neither its points nor what it takes away."""
    await store.sink.publish(publication(5, document(), points=[points("2026-11-01", "2026-11-30", d01=[1, 1])]))
    assert not await store.sink.publish(publication(4, points=[points("2026-11-02", "2026-11-30", d02=[2, 2])]))
    assert await store.reader.history("acme", "orders", "day") == {"2026-11-01": Point(1, 1)}


async def test_updates_can_be_followed_and_resumed(store: Store) -> None:
    """One update a publication, in order; a reader that names the last id it saw misses none and repeats none."""
    await store.sink.publish(publication(1, document("b"), document("a"), document("a", "7d"), as_of=5))
    follower = asyncio.create_task(take(store.reader, 2, "$"))
    await asyncio.sleep(0.1)
    await store.sink.publish(publication(2, document("a")))
    await store.sink.publish(publication(3, document("c"), full=True))
    everything_kept = await take(store.reader, 3, "0")
    assert [update[1:] for update in everything_kept] == [
        ("0.1", 5, ("a", "b"), 3, False),
        ("0.2", 0, ("a",), 1, False),
        ("0.3", 0, ("c",), 1, True),
    ]
    assert await follower == everything_kept[1:]
    assert await take(store.reader, 1, everything_kept[1].id) == everything_kept[2:]


async def test_publication_without_changes_moves_only_the_revision(store: Store) -> None:
    """Progress that changes no number is recorded, and wakes nobody."""
    await store.sink.publish(publication(1, document()))
    assert await store.sink.publish(publication(2))
    assert await store.sink.revision("acme") == (0, 2, 0)
    await store.sink.publish(publication(3, document()))
    assert [update.rev for update in await take(store.reader, 2, "0")] == ["0.1", "0.3"]
    assert await store.reader.documents("acme") == [document()]


async def test_a_document_that_is_no_more_goes(store: Store) -> None:
    """A publication of changes can take single documents away; the others stay."""
    kept, lost = document("a", segment={"owner": "x"}), document("a", segment={"owner": "y"})
    await store.sink.publish(publication(1, document("a"), kept, lost))
    gone = {"kpi": "a", "window": lost["window"], "segment": {"owner": "y"}, "gone": True}
    await store.sink.publish(publication(2, gone))
    assert await store.reader.documents("acme") == [document("a"), kept]
    assert await store.reader.document("acme", "a", lost["window"], {"owner": "y"}) is None


async def test_full_publication_of_nothing_empties_the_board(store: Store) -> None:
    """A tenant whose every document went has an empty board, and a revision."""
    await store.sink.publish(publication(1, *board(8, 1)))
    assert await store.sink.publish(publication(2, full=True))
    assert await everything(store.reader) == [[], [], [], {}]
    assert await store.sink.revision("acme") == (0, 2, 0)


async def test_reader_never_sees_two_revisions_at_once(store: Store) -> None:
    """While publications of different sizes follow each other, every read is of one of them, whole."""
    done = asyncio.Event()

    async def write() -> None:
        for value in range(1, 30):
            documents = board(100 + 50 * (value % 3), value)
            await store.sink.publish(publication(value, *documents, full=True, waiting=value % 5))
            await asyncio.sleep(0)
        done.set()

    async def read() -> int:
        seen = set()
        while not done.is_set():
            revision, found, waiting = await store.reader.board("acme")
            values = {one["value"] for one in found}
            assert values == ({revision[1]} if revision else set())
            assert waiting == (revision[1] % 5 if revision else 0)
            assert not values or len(found) == 100 + 50 * (min(values) % 3)
            assert len({one["value"] for one in await store.reader.snapshot("acme", "30d")}) <= 1
            seen |= values
            await asyncio.sleep(0)
        return len(seen)

    _, seen = await asyncio.gather(write(), read())
    assert seen > 1


async def test_thousands_of_documents_are_one_publication(store: Store) -> None:
    """5,000 documents and as many again in their place: one step each, within seconds."""
    for value in (1, 2):
        started = time.perf_counter()
        assert await store.sink.publish(publication(value, *board(5000, value), full=True))
        assert time.perf_counter() - started < 20  # it is a tenth of a second where nothing else runs
    found = await store.reader.documents("acme")
    assert len(found) == 5000
    assert {one["value"] for one in found} == {2}
    assert len(await take(store.reader, 2, "0")) == 2


async def test_broken_document_is_refused_whole(store: Store) -> None:
    """A document that cannot be stored raises, and none of its publication is written."""
    for broken in (document(_text="x"), document(value=object()), {"value": 1}):
        with pytest.raises((ValueError, TypeError, KeyError)):
            await store.sink.publish(publication(1, document(), broken))
    assert await store.sink.revision("acme") is None
    assert await store.reader.documents("acme") == []


async def test_all_documents_in_slices(store: Store) -> None:
    """What is in no slice of a sweep goes with the last one, not before; what came meanwhile stays."""
    old = [document("a"), document("b"), document("c", "7d"), document("b", segment={"owner": "x"})]
    await store.sink.publish(publication(1, *old))
    await store.sink.publish(publication(2, document("a", value=2), sweep=FIRST_OF_SWEEP))
    assert len(await store.reader.documents("acme")) == 4
    await store.sink.publish(publication(3, document("new"), sweep=IN_SWEEP))
    gone = {"kpi": "new", "window": "30d", "segment": {}, "gone": True}
    await store.sink.publish(publication(3, gone, document("newer"), sweep=IN_SWEEP))
    await store.sink.publish(publication(4, document("b", segment={"owner": "y"}), sweep=IN_SWEEP, full=True))
    left = [document("a", value=2), document("b", segment={"owner": "y"}), document("newer")]
    assert await store.reader.documents("acme") == left
    assert await store.reader.snapshot("acme", "30d") == [left[0], left[2]]
    assert await store.reader.snapshot("acme", "7d") == []
    assert await store.reader.kpis("acme") == ["a", "b", "newer"]
    await store.sink.publish(publication(5, document("d"), full=True))
    assert await store.reader.documents("acme") == [document("d")]


async def test_a_new_sweep_forgets_one_that_was_not_ended(store: Store) -> None:
    """Its worker died between two slices."""
    await store.sink.publish(publication(1, document("old"), sweep=FIRST_OF_SWEEP))
    await store.sink.publish(publication(2, document("a"), sweep=FIRST_OF_SWEEP))
    await store.sink.publish(publication(3, sweep=IN_SWEEP, full=True))
    assert await store.reader.documents("acme") == [document("a")]


async def test_followers_are_told_what_says_something_new(store: Store) -> None:
    """Documents that are written anew without a change wake nobody."""
    await store.sink.publish(publication(1, document("a"), document("b"), kpis=("b",)))
    await store.sink.publish(publication(2, document("a"), kpis=()))
    await store.sink.publish(publication(3, document("a"), kpis=(), full=True))
    assert [update[1:] for update in await take(store.reader, 2, "0")] == [
        ("0.1", 0, ("b",), 2, False),
        ("0.3", 0, (), 1, True),
    ]


async def test_a_lane_says_up_to_when_the_numbers_of_its_tenants_are_current(store: Store) -> None:
    """One note for all, which never comes from an earlier owner, and names those of which it is not true."""
    await store.sink.publish(publication(5, document(), lane=3, as_of=1_000, catching_up=0.25))
    assert await store.reader.status("nobody") is None
    assert await store.reader.status("acme") == Status(1_000, 1_000, 0, 0.25, (0, 5))
    assert await store.sink.check(Note(3, 0, 5, 9_000), ["acme", "nobody"]) == Held(
        None, {"acme": (0, 5, 1_000), "nobody": None}
    )
    assert (await store.sink.check(Note(3, 0, 4, 99_000), [])).note == (0, 5, 9_000)
    assert await store.reader.status("acme") == Status(1_000, 9_000, 0, 0.25, (0, 5))
    await store.sink.check(Note(3, 1, 0, 9_500, ("acme",)), [])
    assert await store.reader.status("acme") == Status(1_000, 1_000, 0, 0.25, (0, 5))
    await store.sink.check(Note(3, 1, 0, 500), [])
    await store.sink.publish(publication(6, document(), lane=3, as_of=2_000))
    assert await store.reader.status("acme") == Status(2_000, 2_000, 0, None, (1, 0))


async def test_segments_of_one_kpi(store: Store) -> None:
    """Of a window, without the total and without KPIs whose name begins the same."""
    owners = [document(value=n, segment={"owner": f"o:{n}"}) for n in range(3)]
    others = [document("orders_more", segment={"owner": "x"}), document(window="7d", segment={"owner": "x"})]
    await store.sink.publish(publication(1, document(), *owners, *others))
    assert await store.reader.segments("acme", "orders", "30d") == owners
    assert await store.reader.segments("nobody", "orders", "30d") == []


async def test_the_newest_publication_is_where_followers_begin(store: Store) -> None:
    """Updates after it are those that came later."""
    assert await store.reader.newest("acme") == "0"
    await store.sink.publish(publication(1, document(value=1)))
    newest = await store.reader.newest("acme")
    await store.sink.publish(publication(2, document(value=2)))
    async for update in store.reader.updates("acme", newest):
        assert update.rev == "0.2"
        break
    assert await store.reader.newest("acme") == update.id
