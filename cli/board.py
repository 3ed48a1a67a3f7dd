"""The live board: what is known about each tenant, and how it looks. Pure; `cli.follow` fills it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.show import Doc, change, number, style_of, value_of
from cli.term import cell, plain
from sinks.base import Status

HEADLINES: Final = (
    "visitors", "leads", "traffic_to_lead_rate", "lead_to_opportunity_rate", "win_rate", "closed_won_value",
    "pipeline_velocity", "sales_cycle_days", "net_revenue", "active_customers", "customer_churn_rate",
    "email_open_rate", "call_connect_rate", "net_promoter_score",
)  # fmt: skip
STALE_MS: Final = 90_000  # a live worker says at least once a minute that numbers are current
WIDTH: Final = 66  # columns one tenant needs


@dataclass
class Board:
    """The newest documents of each tenant for one window, and the first ones seen, to show what moved."""

    window: str = "30d"
    now: dict[str, dict[str, Doc]] = field(default_factory=dict)
    first: dict[str, dict[str, Doc]] = field(default_factory=dict)
    status: dict[str, Status] = field(default_factory=dict)
    tenants: list[str] = field(default_factory=list)  # all that have numbers, those not read yet among them
    lag: str = ""
    empty: bool = False  # nobody has numbers: known only after a look

    def put(self, tenant: str, documents: Sequence[Doc]) -> None:
        """Takes in a newer snapshot of a tenant."""
        self.now[tenant] = {str(doc["kpi"]): doc for doc in documents}
        self.first.setdefault(tenant, self.now[tenant])

    def turn(self, window: str) -> None:
        """Shows another window; what moved is counted from now on."""
        self.window = window
        self.now.clear()
        self.first.clear()

    def headlines(self, tenant: str) -> list[Doc]:
        """The tenant's headline documents in the board's order."""
        known = self.now.get(tenant, {})
        return [known[kpi] for kpi in HEADLINES if kpi in known]


def age_ms(docs: Sequence[Doc], clock_ms: int) -> int | None:
    """How far behind the clock the documents' as_of is; None without documents."""
    moments = [datetime.fromisoformat(str(doc["as_of"])) for doc in docs if doc.get("as_of")]
    return clock_ms - int(max(moments).timestamp() * 1000) if moments else None


def known_age(age: int, clock_ms: int, status: Status | None) -> int:
    """The age of documents, ms; numbers of which their lane says that they are current are as old as that word."""
    return age if status is None else min(age, clock_ms - status.checked)


def freshness(docs: Sequence[Doc], clock_ms: int, status: Status | None = None) -> Text:
    """``live, 0.8 s ago``, or ``stale``: the values stay, and it is said how old they are."""
    if (age := age_ms(docs, clock_ms)) is None:
        return cell("no numbers yet: send an event with `crmkpi send`", "yellow")
    age = known_age(age, clock_ms, status)
    if status is not None and status.catching_up is not None:
        return cell(f"catching up: {status.catching_up:.0%} of the history counted", "yellow")
    if age > STALE_MS:
        return cell(f"stale: as of {str(docs[0]['as_of'])[:19]}Z", "red")
    return cell(f"live, {max(age, 0) / 1000:.1f} s ago", "green")


def tenant_table(board: Board, tenant: str, clock_ms: int) -> Group:
    """One tenant's headlines: value, what moved since the board was opened, and what the value is made of."""
    docs = board.headlines(tenant)
    title = Text.assemble(
        cell(tenant, "bold"), f"  {board.window}  ", freshness(docs, clock_ms, board.status.get(tenant))
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("KPI")
    for name in ("value", "change", "from", "n"):
        table.add_column(name, justify="right")
    age = known_age(age_ms(docs, clock_ms) or 0, clock_ms, board.status.get(tenant))
    dim = "dim" if age > STALE_MS else ""
    for doc in docs:
        table.add_row(*_row(board, tenant, doc), style=dim)
    return Group(title, table, "")


def render(board: Board, tenants: Sequence[str], clock_ms: int, width: int, page: int = 0) -> RenderableType:
    """As many tenants side by side as fit, from page ``page`` on; the lag below."""
    if not tenants and not board.empty:
        return cell("reading ...", "dim")
    if not tenants:
        return cell("no tenant has numbers yet: send an event with `crmkpi send`", "yellow")
    fit = max(1, width // WIDTH)
    start = (page * fit) % len(tenants)
    shown = [tenant_table(board, tenant, clock_ms) for tenant in tenants[start : start + fit]]
    foot = [f"{start + 1} of {len(tenants)} tenants"] if fit < len(tenants) else []
    foot += [board.lag] if board.lag else []
    columns = Columns(shown, width=WIDTH - 1 if fit > 1 else None)
    return Group(columns, cell(" · ".join(foot), "dim"))


def short_line(board: Board, tenant: str) -> str:
    """One tenant in one plain line, for logs and pipes."""
    docs = board.headlines(tenant)
    parts = [f"{doc['kpi']} {value_of(doc)}" for doc in docs if doc.get("value") is not None]
    return plain(f"{tenant} {board.window}: {', '.join(parts) or 'no numbers yet'}")


def _row(board: Board, tenant: str, doc: Doc) -> list[Text]:
    kpi = str(doc["kpi"])
    made = f"{number(doc.get('numerator'), 1)} / {number(doc.get('denominator'), 1)}"
    value = cell(value_of(doc), style_of(doc))
    moved = cell(change(board.first.get(tenant, {}).get(kpi), doc), "cyan")
    parts = doc.get("denominator") is not None
    return [cell(kpi), value, moved, cell(made if parts else "", "dim"), cell(number(doc.get("n")))]
