"""Rows of a database, by a column that grows whenever a row is written: page by page, none lost where values are equal.

A table is walked by (cursor, key), so that equal values of the cursor may stand on several pages. A query of the user
knows the cursor only: of a full page the rows with its last value are left to the next one, as more of them may follow.
Each pass goes back by an overlap, for rows that were committed after others with later values.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, and_, column, create_engine, or_, select, table, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from collectors.pulled.cursors import before, packed, unpacked
from collectors.pulled.page import Away, Cursor, PullError
from models.pulled import DatabaseSource

MOST: Final = 1_000_000  # rows of one value of the cursor
Row = dict[str, Any]


class Rows(NamedTuple):
    """Some rows, and where the table stands behind them."""

    rows: list[Row]
    after: Cursor


class Database:
    """The rows of one source. ``url``: SQLAlchemy's, with its password. Raises PullError."""

    def __init__(self, source: DatabaseSource, url: str) -> None:
        self._source = source
        try:
            self._engine: Engine = create_engine(url)
        except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
            # The error's own text may hold the address, and so the password.
            raise PullError(f"{source.name}: no driver for this URL, or it is none: dialect+driver://…") from None

    def pages(self, cursor: Cursor) -> Iterator[Rows]:
        """The rows of one pass. ``after`` of the last page is where the next pass goes back from. Raises PullError."""
        try:
            yield from self._table(cursor) if self._source.table else self._query(cursor)
        except SQLAlchemyError as error:
            raise Away(f"{self._source.name}: {_words(error)}") from None

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A page is read in one transaction of its own: nothing is kept open while it is sent."""
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
        """The rows behind (cursor, key); from the value itself on when no key is known."""
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
                many *= 2  # all of one value: it has to come whole
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
    """(a, b, c) > (x, y, z), in the form that every database has."""
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
    """A column of a row, by its name in any case: databases change it. Raises PullError."""
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
    """What the database said, without the statement and its values."""
    told = str(getattr(error, "orig", None) or type(error).__name__)
    return told.splitlines()[0][:300] if told else type(error).__name__
