"""What `crmkpi top` shows: KPIs of a tenant, segments of a KPI, one number and what it is made of. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rich.cells import chop_cells
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.board import HEADLINES, STALE_MS, Board, age_ms, freshness, known_age
from cli.explained import explained
from cli.keyboard import CLOSED
from cli.show import Doc, change, number, segment_of, status_words, style_of, value_of
from cli.term import cell, plain
from kpis.calendar.window_names import WINDOWS
from kpis.catalog import CATALOG

HELP: Final = "enter open · esc back · / filter · [ ] window · q quit"
TITLES: Final = {kpi.id: kpi.title for kpi in CATALOG}
ORDER: Final = {kpi: place for place, kpi in enumerate(dict.fromkeys((*HEADLINES, *TITLES)))}
KPIS, SEGMENTS, ONE = range(3)
STEPS: Final = {"up": -1, "down": 1, "k": -1, "j": 1, "home": -(1 << 30), "end": 1 << 30}
WIDE: Final = 100  # columns that a table with numerator and denominator needs
MIDDLE: Final = 60
NARROW: Final = 44
TOTAL: Final = ""
Asked = tuple[str, str, str]  # tenant, KPI, window
Row = tuple[str, Sequence[Text]]  # its name, its cells


class Level(NamedTuple):
    """A table: its columns and rows."""

    columns: Sequence[str]
    rows: list[Row]


class Browser:
    """Where the reader is: which tenant, KPI and segment, which row, and what the rows are filtered by."""

    def __init__(self, board: Board, tenant: str = "") -> None:
        self.board = board
        self.tenant = tenant
        self.level = KPIS
        self.kpi = ""
        self.segment = TOTAL
        self.filters = ["", "", ""]
        self.typing = False
        self.done = False
        self.segments: dict[Asked, list[Doc]] = {}  # of the KPI that is open
        self._chosen = ["", "", ""]  # name of the row the cursor is on, by level
        self._first = 0  # row at the top
        self._height = 10  # rows that fit
        self._width = 80

    @property
    def asked(self) -> Asked | None:
        """Which KPI's segments are wanted."""
        return (self.tenant, self.kpi, self.board.window) if self.level != KPIS else None

    def settle(self) -> None:
        """Show some tenant as soon as there is one."""
        if not self.tenant and self.board.tenants:
            self.tenant = self.board.tenants[0]

    # --- keys

    def press(self, key: str) -> None:
        """Take a key: see `cli.keyboard`."""
        if key == CLOSED:
            self.done = True
        elif self.typing:
            self._type(key)
        elif key in STEPS or key in ("pageup", "pagedown"):
            self._move(STEPS.get(key) or (self._height if key == "pagedown" else -self._height))
        elif key in ("left", "right", "\t"):
            self._turn_tenant(-1 if key == "left" else 1)
        elif key in ("[", "]"):
            self._turn_window(-1 if key == "[" else 1)
        elif key == "enter":
            self._open()
        elif key in ("escape", "backspace"):
            self._back()
        elif key == "/" and self.level != ONE:
            self.typing = True
        elif key == "q":
            self.done = True

    def _type(self, key: str) -> None:
        text = self.filters[self.level]
        if key == "escape":
            text, self.typing = "", False
        elif key == "backspace":
            text = text[:-1]
        elif len(key) == 1 and key.isprintable():
            text += key
        elif key == "enter":
            self.typing = False
        elif key in STEPS:
            self._move(STEPS[key])
        self.filters[self.level] = text

    def _move(self, step: int) -> None:
        rows = self._level().rows
        if rows:
            place = min(max(self._place(rows) + step, 0), len(rows) - 1)
            if self.level == ONE:  # it has no cursor: the text moves
                place = min(place, max(0, len(rows) - self._height))
            self._chosen[self.level] = rows[place][0]

    def _turn_tenant(self, step: int) -> None:
        if tenants := self.board.tenants:
            here = tenants.index(self.tenant) if self.tenant in tenants else 0
            self.tenant = tenants[(here + step) % len(tenants)]
            self.segments.clear()

    def _turn_window(self, step: int) -> None:
        self.board.turn(WINDOWS[(WINDOWS.index(self.board.window) + step) % len(WINDOWS)])
        self.segments.clear()

    def _open(self) -> None:
        rows = self._level().rows
        if not rows or self.level == ONE:
            return
        name = rows[self._place(rows)][0]
        self._chosen[self.level] = name
        if self.level == KPIS:
            self.kpi = name
        else:
            self.segment = name
        self.level += 1
        self.filters[self.level], self._chosen[self.level], self._first = "", "", 0

    def _back(self) -> None:
        if self.filters[self.level]:
            self.filters[self.level] = ""
        elif self.level != KPIS:
            self.level -= 1

    # --- what is shown

    def render(self, clock_ms: int, width: int, height: int) -> RenderableType:
        """As many lines as the terminal has."""
        self.settle()
        self._width = width
        if not self.tenant:
            empty = "no tenant has numbers yet: send an event with `crmkpi send`"
            return cell(empty, "yellow") if self.board.empty else cell("reading ...", "dim")
        docs = list(self.board.now.get(self.tenant, {}).values())
        level, small = self._level(), height < 4
        self._height = max(1, height - (2 if small else 3))
        table = Table(box=None, pad_edge=False, expand=True, show_header=not small and bool(level.columns[0]))
        for place, name in enumerate(level.columns):
            table.add_column(
                name,
                no_wrap=True,
                overflow="ellipsis",
                ratio=None if place else 1,
                justify="right" if place else "left",
            )
        age = known_age(age_ms(docs, clock_ms) or 0, clock_ms, self.board.status.get(self.tenant))
        at = self._scroll(level.rows)
        for place, (_, cells) in enumerate(level.rows[self._first : self._first + self._height], self._first):
            marked = "reverse" if place == at and self.level != ONE else ""
            table.add_row(*cells, style=" ".join(filter(None, ["dim" if age > STALE_MS else "", marked])))
        return Group(self._head(docs, clock_ms), table, self._foot(len(level.rows)))

    def _head(self, docs: Sequence[Doc], clock_ms: int) -> Text:
        names = [short(self.tenant, self._width // 3)]
        names += [self.kpi] if self.level != KPIS else []
        names += [short(self.segment or "total", self._width // 3)] if self.level == ONE else []
        said = freshness(docs, clock_ms, self.board.status.get(self.tenant))
        text = Text.assemble(cell(" > ".join(names), "bold"), f"  {self.board.window}  ", said)
        return _one_line(text)

    def _foot(self, rows: int) -> Text:
        typed = self.filters[self.level]
        parts = [self.board.lag] if self.board.lag else []
        parts += [f"/{typed}{'_' if self.typing else ''}"] if typed or self.typing else []
        last = min(self._first + self._height, rows)
        parts += [f"{self._first + 1}-{last} of {rows}" if rows else "nothing found" if typed else "nothing here"]
        if len(self.board.tenants) > 1 and self.tenant in self.board.tenants:
            parts.append(
                f"left, right: tenant {self.board.tenants.index(self.tenant) + 1} of {len(self.board.tenants)}"
            )
        return _one_line(cell(" · ".join([*parts, HELP]), "dim"))

    def _scroll(self, rows: list[Row]) -> int:
        """The row of the cursor, with the rows moved so that it is seen."""
        at = self._place(rows)
        low = at if self.level == ONE else at - self._height + 1
        self._first = max(0, min(max(self._first, low), at, max(0, len(rows) - self._height)))
        return at

    def _place(self, rows: list[Row]) -> int:
        names = [name for name, _ in rows]
        chosen = self._chosen[self.level]
        return names.index(chosen) if chosen in names else 0

    def _level(self) -> Level:
        if self.level == KPIS:
            return self._kpis()
        return self._segments() if self.level == SEGMENTS else self._one()

    def _kpis(self) -> Level:
        known = self.board.now.get(self.tenant, {})
        found = sorted(known, key=lambda kpi: (ORDER.get(kpi, len(ORDER)), kpi))
        return self._table("KPI", [(kpi, kpi, known[kpi]) for kpi in found])

    def _segments(self) -> Level:
        parts = self.segments.get((self.tenant, self.kpi, self.board.window), [])
        total = self.board.now.get(self.tenant, {}).get(self.kpi)
        named = [(TOTAL, "total", total)] if total is not None else []
        ordered = sorted(parts, key=lambda doc: (*(doc.get("segment") or {}), -int(doc.get("n") or 0), segment_of(doc)))
        return self._table("segment", [*named, *((segment_of(doc), segment_of(doc), doc) for doc in ordered)])

    def _table(self, first: str, named: Sequence[tuple[str, str, Doc]]) -> Level:
        wanted = self.filters[self.level].casefold()
        shown = [one for one in named if wanted in f"{one[1]} {TITLES.get(one[1], '')}".casefold()]
        names = [first, "value"]
        names += ["change"] if self.level == KPIS and self._width >= NARROW else []
        names += ["from"] if self._width >= WIDE else []
        names += ["n"] if self._width >= MIDDLE else []
        names += ["status"]
        return Level(names, [(name, self._cells(names, text, doc)) for name, text, doc in shown])

    def _cells(self, names: Sequence[str], text: str, doc: Doc) -> list[Text]:
        made = f"{number(doc.get('numerator'), 1)} / {number(doc.get('denominator'), 1)}"
        found = {
            "value": cell(value_of(doc), style_of(doc)),
            "change": cell(change(self.board.first.get(self.tenant, {}).get(str(doc["kpi"])), doc), "cyan"),
            "from": cell(made if doc.get("denominator") is not None else "", "dim"),
            "n": cell(number(doc.get("n"))),
            "status": cell(status_words(doc, brief=True), style_of(doc)),
        }
        return [cell(short(text, self._width)), *(found[name] for name in names[1:])]

    def _one(self) -> Level:
        known = self.segments.get((self.tenant, self.kpi, self.board.window), [])
        doc = next((one for one in known if segment_of(one) == self.segment), None)
        if self.segment == TOTAL:
            doc = self.board.now.get(self.tenant, {}).get(self.kpi)
        rows: list[Row] = []
        for name, text in explained(doc, TITLES.get(self.kpi, self.kpi)) if doc is not None else ():
            for piece in chop_cells(plain(text), max(8, self._width - 18)) or [""]:
                label = name if not rows or rows[-1][0].rpartition(" ")[0] != name else ""
                rows.append((f"{name} {len(rows)}", [Text.assemble(cell(f"{label[:16]:<17}", "dim"), cell(piece))]))
        return Level([""], rows)


def short(text: str, most: int) -> str:
    """The beginning of a text that may have no end."""
    return text if len(text) <= most else text[: max(1, most - 1)] + "…"


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
