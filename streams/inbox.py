"""Journal records waiting to be counted by a lane."""

from collections import deque
from typing import NamedTuple

from streams.engine.rows import Record
from streams.fetched import Fetched


class NotContiguous(Exception):
    """A fetched batch was lost on its way to the lane."""


class Item(NamedTuple):
    """A journal record, or (``record`` None) a range of offsets that held only markers."""

    offset: int
    next: int  # the first offset after it
    record: Record | None
    size: int  # bytes


class Inbox:
    """Records in contiguous offset order."""

    def __init__(self) -> None:
        self.bytes = 0
        self._items: deque[Item] = deque()
        self._expected = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def expect(self, offset: int) -> None:
        """Start over: the next range begins at ``offset``."""
        self.clear()
        self._expected = offset

    def clear(self) -> None:
        """Drop everything; it will be fetched again."""
        self._items.clear()
        self.bytes = 0

    def offer(self, fetched: Fetched) -> None:
        """Add a fetched range. Raises NotContiguous if it does not follow the previous one."""
        if fetched.start != self._expected:
            raise NotContiguous(f"expected offset {self._expected}, received {fetched.start} to {fetched.end}")
        self._expected = fetched.end
        ends = [record.offset for record in fetched.records[1:]] + [fetched.end]
        for record, end in zip(fetched.records, ends, strict=False):
            value = record.value or b""
            tenant = (record.key or b"").decode(errors="replace")  # may be any bytes, if another producer wrote it
            self._put(Item(record.offset, end, (tenant, record.timestamp, value), len(value)))
        if not fetched.records:
            self._put(Item(fetched.start, fetched.end, None, 0))

    def _put(self, item: Item) -> None:
        self._items.append(item)
        self.bytes += item.size

    def head(self, limit: int) -> list[Item]:
        """The next items, up to ``limit`` bytes but at least one."""
        found: list[Item] = []
        size = 0
        for item in self._items:
            if found and size + item.size > limit:
                break
            found.append(item)
            size += item.size
        return found

    def advance(self, records: int) -> int:
        """Remove that many records and the markers around them; returns the position after them."""
        at = -1
        while self._items and (records or self._items[0].record is None):
            item = self._items.popleft()
            records -= item.record is not None
            self.bytes -= item.size
            at = item.next
        return at
