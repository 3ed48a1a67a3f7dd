"""Rows of a database, by a cursor column that grows with every write: page by page, losing none with equal values.

A table is walked by (cursor, key), so rows with equal cursor values may span pages. A user's query only knows the
cursor: the rows with the last value of a full page are left to the next page, as there may be more of them. Each pass
starts an overlap earlier, for rows that were committed after others with later values.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, and_, column, create_engine, or_, select, table, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from collectors.pulled.cursors import before, packed, unpacked
from collectors.pulled.page import Away, Cursor, PullError
from models.pulled import DatabaseSource

MOST: Final = 1_000_000  # rows with the same cursor value
Row = dict[str, Any]


class Rows(NamedTuple):
    """Some rows, and the cursor after them."""

    rows: list[Row]
    after: Cursor


class Database:
    """The rows of one source. ``url``: SQLAlchemy's, with its password. Raises PullError."""

    def __init__(self, source: DatabaseSource, url: str) -> None:
        self._source = source
        try:
            self._engine: Engine = create_engine(url)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
            # The error's own text may contain the URL, and so the password.
            raise PullError(f"{source.name}: no driver for this URL, or it is none: dialect+driver://…") from None

    def pages(self, cursor: Cursor) -> Iterator[Rows]:
        """The rows of one pass; the next pass starts an overlap before the last page's ``after``. Raises PullError."""
        try:
            yield from self._table(cursor) if self._source.table else self._query(cursor)
        except SQLAlchemyError as error:
            raise Away(f"{self._source.name}: {_words(error)}") from None

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Each page is read in its own transaction, so none is open while the page is sent."""
        with self._engine.connect() as connection:
            yield connection

    def _table(self, cursor: Cursor) -> Iterator[Rows]:
        source = self._source
        top = unpacked(cursor.get("top"))
        at = unpacked(cursor["at"]) if "at" in cursor else self._begin(top)
        key: list[Any] = unpacked(cursor["key"]) if "key" in cursor else []
        while rows := self._some(at, key):
            at, key = _value(rows[-1], source.cursor), [_value(rows[-1], name) for name in source.key]
            yield Rows(rows, {"at": packed(at), "key": packed(key), "top": packed(_later(top, at))})
            if len(rows) < source.rows:
                break
        yield Rows([], {"top": packed(at if top is None else _later(top, at))})

    def _some(self, at: Any, key: list[Any]) -> list[Row]:
        """The rows after (cursor, key); from the value itself on if there is no key."""
        source = self._source
        assert source.table is not None
        names = [source.cursor, *source.key]
        columns: list[Any] = [column(name) for name in names]
        schema, _, name = source.table.rpartition(".")
        wanted = select(text("*")).select_from(table(name, *columns, schema=schema or None))
        wanted = wanted.where(columns[0].is_not(None))
        if at is not None:
            wanted = wanted.where(_behind(columns, [at, *key]) if key else columns[0] >= at)
        with self._connected() as connection:
            found = connection.execute(wanted.order_by(*columns).limit(source.rows))
            return [dict(row) for row in found.mappings()]

    def _query(self, cursor: Cursor) -> Iterator[Rows]:
        source = self._source
        top = unpacked(cursor.get("top"))
        at = unpacked(cursor["at"]) if "at" in cursor else self._begin(top)
        at, many = source.start if at is None else at, source.rows
        while rows := self._asked(at, many):
            values = [_value(row, source.cursor) for row in rows]
            if not _ordered(values):
                raise PullError(f"{source.name}: the query must be ordered by {source.cursor}, without nulls")
            full = len(rows) >= many
            kept = [row for row, value in zip(rows, values, strict=True) if not full or value != values[-1]]
            if full and (not kept or _value(kept[-1], source.cursor) == at):
                many *= 2  # all with one cursor value, which must be read in one page
                if many > MOST:
                    raise PullError(f"{source.name}: more than {MOST:,} rows have the same {source.cursor}")
                continue
            at, many = _value(kept[-1], source.cursor), source.rows
            top = _later(top, at)
            yield Rows(kept, {"at": packed(at), "top": packed(top)})
            if not full:
                break
        yield Rows([], {"top": packed(top)} if top is not None else {})

    def _asked(self, at: Any, many: int) -> list[Row]:
        with self._connected() as connection:
            found = connection.execute(text(self._source.query or ""), {"cursor": at, "n": many})
            return [dict(row) for row in found.mappings()]

    def _begin(self, top: Any) -> Any:
        if top is None:
            return None
        try:
            return before(top, self._source.overlap)
        except ValueError as error:
            raise PullError(f"{self._source.name}: cursor {self._source.cursor}: {error}") from None


def _behind(columns: Sequence[Any], values: Sequence[Any]) -> Any:
    """(a, b, c) > (x, y, z), in portable SQL."""
    return or_(
        *(
            and_(
                *(left == right for left, right in zip(columns[:place], values[:place], strict=True)),
                one > values[place],
            )
            for place, one in enumerate(columns)
        )
    )


def _value(row: Row, name: str) -> Any:
    """A column of a row, by case-insensitive name: databases change the case. Raises PullError."""
    if name not in row:
        name = next((one for one in row if one.lower() == name.lower()), name)
    if name not in row:
        raise PullError(f"the rows have no column {name} (cursor or key); they have {', '.join(row)}")
    if row[name] is None:
        raise PullError(f"{name} is null in a row: a cursor or key must not be")
    return row[name]


def _ordered(values: list[Any]) -> bool:
    try:
        return sorted(values) == values
    except TypeError:
        return False


def _later(top: Any, value: Any) -> Any:
    return value if top is None or value > top else top


def _words(error: SQLAlchemyError) -> str:
    """The database's message, without the statement and its parameters."""
    message = str(getattr(error, "orig", None) or type(error).__name__)
    return message.splitlines()[0][:300] if message else type(error).__name__
