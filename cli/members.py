"""The members behind a number, queried from its worker and shown as a table."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table

from cli.exits import DIFFERENT, UNAVAILABLE, USAGE, CliError
from cli.show import number
from cli.term import cell
from models.connections import RedisSettings
from sinks.query import QueryClient, QueryRefused, QueryUnavailable
from sinks.read import RedisReader

COLUMNS = ("kind", "id", "subject", "time", "amount", "state", "owner")


async def ask_members(redis: RedisSettings, tenant: str, **asked: Any) -> dict[str, Any]:
    """The worker's answer. Raises CliError if the query is refused or no worker can answer it now."""
    async with RedisReader(redis) as reader, QueryClient(reader) as client:
        try:
            return await client.ask(tenant, "members", **asked)
        except QueryRefused as error:
            raise CliError(error.words, DIFFERENT if error.status == 404 else USAGE) from error
        except QueryUnavailable as error:
            raise CliError(f"{error}: `crmkpi lag` shows whether a worker counts", UNAVAILABLE) from error


def members_table(found: dict[str, Any]) -> Group:
    """One row per member, and their total."""
    table = Table(pad_edge=False, box=SIMPLE_HEAD)
    for name in COLUMNS:
        table.add_column(name, overflow="fold")
    for name in ("n", "numerator"):
        table.add_column(name, justify="right")
    for one in found["members"]:
        amount = f"{number(one['amount'])} {one.get('currency', '')}" if "amount" in one else ""
        texts = [str(one.get(name, "")) for name in COLUMNS]
        texts[COLUMNS.index("amount")] = amount
        table.add_row(*map(cell, texts), cell(number(one["n"])), cell(number(one["numerator"])))
    shown = len(found["members"])
    whole = f"{shown} of {found['total']} members; all together n = {number(found['n'])}"
    return Group(table, cell(f"{whole}, numerator = {number(found['numerator'])}"))
