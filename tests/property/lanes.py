"""How a story reaches an engine: copies and conflicts, input partitions, blocks, batches, redelivery, restarts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from random import Random
from typing import Any, Final, NamedTuple

import orjson
from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from kpis.catalog import CATALOG
from kpis.cells.cells import CellKey
from kpis.engine import Engine
from kpis.publish.documents import Board
from kpis.publish.reads import PLACES, ROWS
from kpis.slices import PACE, Pace, finish
from models.identity import content_hash, identity_hash
from models.record import Block, Row
from models.settings import TenantBook
from recount import compare, recount
from recount.documents import Document, Key, key
from recount.facts import Item, from_blocks
from tests.property.events import BOOK, TENANTS, Told, stories

JOURNAL_TS: Final = 1_790_000_000_000
Story = st.SearchStrategy[list[Told]]
Record = tuple[str, Block]  # one journal record: tenant and block
Batches = list[list[Record]]
World = list[list[Row]]  # each event, followed by others with its identity: copies, then conflicts


def row_of(told: Told, tenant: str, name: str) -> Row:
    """The row that validation would make."""
    content = content_hash(told.kind, str(told.time), repr(sorted(told.data.items())).encode())
    identity = identity_hash(tenant, told.source, name)
    received = told.time + told.delay
    return Row(0, received, tenant, identity, content, told.kind, told.time, told.flags, told.source, name, told.data)


@st.composite
def worlds(draw: st.DrawFn, most: int = 12, story: Story | None = None) -> World:
    """A story of one tenant or of two at once, with copies and conflicts."""
    world = []
    for number, told in enumerate(draw(stories(most) if story is None else story)):
        row = row_of(told, draw(st.sampled_from((TENANTS[0], TENANTS[0], TENANTS[1]))), f"e{number}")
        other = row._replace(content=row.content ^ 1, data={**row.data, "source": "other"})
        copies, conflicts = draw(st.sampled_from(((0, 0), (0, 0), (0, 0), (1, 0), (2, 0), (0, 1), (1, 1))))
        world.append([row, *[row] * copies, *[other] * conflicts])
    return world


@st.composite
def arrivals(draw: st.DrawFn, world: World) -> Batches:
    """The batches in which a world arrives: any order, three input partitions, some records delivered again."""
    left = {number: iter(group) for number, group in enumerate(world)}
    turns = [number for number, group in enumerate(world) for _ in group]
    told = [next(left[number]) for number in draw(st.permutations(turns))]
    size = len(told)
    places = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    cuts = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    found = batches(told, places, cuts)
    if draw(st.booleans()):
        found.append(draw(st.sampled_from(found)))
    return found


def in_order(world: World) -> Batches:
    """A world in the order it was made, from one partition, as one batch."""
    rows = [row for group in world for row in group]
    return batches(rows, [0] * len(rows), [False] * len(rows))


def batches(told: Sequence[Row], places: Sequence[int], cuts: Sequence[bool]) -> Batches:
    """Blocks of neighbours of one tenant and place; a batch ends after each cut."""
    offsets = dict.fromkeys(places, 0)
    number, marked = 0, []
    for row, place, cut in zip(told, places, cuts, strict=True):
        marked.append(((number, row.tenant, place), list(row._replace(offset=offsets[place]))))
        offsets[place] += 1
        number += cut
    found: dict[int, list[Record]] = {}
    for (batch, tenant, place), rows in groupby(marked, key=lambda mark: mark[0]):
        block: Block = {"topic": "in", "partition": place, "rows": [row for _, row in rows], "refused": []}
        found.setdefault(batch, []).append((tenant, block))
    return list(found.values())


def items(arrived: Batches, tenant: str) -> list[Item]:
    """A tenant's items in journal order, for the recount."""
    return from_blocks(block for batch in arrived for whose, block in batch if whose == tenant)


class Lane:
    """An engine and its changelog. Its tenants sleep between batches wherever they can."""

    def __init__(self, book: TenantBook = BOOK, pace: Pace = PACE, awake: int = 0) -> None:
        self.book, self.pace, self.awake = book, pace, awake
        self.engine = Engine(book, pace, awake)
        self.entries: dict[bytes, bytes | None] = {}

    def take(self, arrived: Iterable[list[Record]], after: Callable[[], Any] = lambda: None) -> "Lane":
        """Count batches; ``after`` is called after each."""
        for batch in arrived:
            for tenant, block in batch:
                self.engine.apply(block, tenant, JOURNAL_TS)
            self.entries.update(self.engine.finish().entries)
            after()
        return self

    def restart(self, seed: int) -> None:
        """Go on with a new engine that knows only what a compacted changelog holds, read in some order."""
        kept = list(self.kept().items())
        Random(seed).shuffle(kept)
        self.engine = Engine(self.book, self.pace, self.awake)
        for name, value in kept:
            self.engine.load(name, value)
        finish(self.engine.restored())

    def settle(self) -> None:
        """Do all work that waits."""
        while self.engine.pending:
            self.step()
            self.finish()

    def step(self, most: int = 1 << 30) -> None:
        """Do some steps of the work that waits, fewer where a batch has to end first."""
        for _ in range(most):
            if not self.engine.step():
                break

    def finish(self) -> None:
        """End a batch."""
        self.entries.update(self.engine.finish().entries)

    def documents(self, tenant: str, as_of: int, windows: Collection[str] = WINDOWS) -> dict[Key, Document]:
        """The documents of a tenant in these windows."""
        if windows is WINDOWS:
            return {key(doc): doc for doc in self.engine.documents(tenant, as_of, live=False, full=True)}
        board = Board(self.engine.state(tenant), as_of)
        return {key(doc): doc for doc in _narrow(board, windows)}

    def kept(self) -> dict[bytes, bytes]:
        """What a compacted changelog holds in the end."""
        return {name: value for name, value in self.entries.items() if value is not None}

    def stored(self) -> dict[bytes, Any]:
        """The same, the sums of cells without their order."""
        return {name: orjson.loads(value) if name[:1] in b"cg" else value for name, value in self.kept().items()}

    def settled(self) -> dict[bytes, Any]:
        """The same, but for what is kept in the order of arrival: there the order is taken away.

        Left out are offsets, the days on which identities were seen, and touches and contacts, whose pieces
        are filled as they come.
        """
        return {
            name: _unordered(orjson.loads(value))
            for name, value in self.kept().items()
            if name.split(b"\0")[1] not in (b"high", b"seen", b"touch", b"marketing", b"contact")
        }

    def cells(self, tenant: str) -> dict[CellKey, int]:
        """All cells of a tenant that are not zero."""
        return {cell: total for cell, total in self.engine.state(tenant).tenant.cells.items() if total}


def differences(lane: Lane, arrived: Batches, as_of: int, windows: Collection[str]) -> list[Any]:
    """Of all tenants, cells that are not what the facts contribute, and documents that a naive recount contradicts."""
    found: list[Any] = []
    for tenant in lane.engine.tenants():
        found += lane.engine.recount(tenant)
        expected = recount(items(arrived, tenant), lane.book[tenant], as_of, windows=windows)
        found += compare(expected, lane.documents(tenant, as_of, windows).values())
    return found


def _unordered(stored: Any) -> Any:
    """A list of events as if it were a set."""
    return sorted(map(repr, stored)) if isinstance(stored, list) else stored


def _narrow(board: Board, windows: Collection[str]) -> Iterator[Document]:
    """What `Board.documents` makes, in fewer windows: all of them take most of an example's time."""
    for kpi in CATALOG:
        for name in windows:
            yield from board.total(ROWS[kpi.id], PLACES[name])
            yield from board.parts(ROWS[kpi.id], PLACES[name])


class Seen(NamedTuple):
    """What must not depend on how a world arrived."""

    documents: dict[str, dict[Key, Document]]
    cells: dict[str, dict[CellKey, int]]

    @staticmethod
    def of(lane: Lane, as_of: int, windows: Collection[str] = WINDOWS) -> "Seen":
        """Everything of the lane's tenants; documents in these windows."""
        tenants = list(lane.engine.tenants())
        return Seen(
            {tenant: lane.documents(tenant, as_of, windows) for tenant in tenants},
            {tenant: lane.cells(tenant) for tenant in tenants},
        )
