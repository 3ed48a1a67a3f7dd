"""A small export of orders and a mapping for it, for tests of `crmkpi import`."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app

HEADINGS = "Order,Customer,Status,Total,Date"
MAPPING = """
tenant = "acme"
tz = "Europe/Helsinki"
[[events]]
type = "order.completed"
when = { Status = "Paid" }
time = "{Date}"
data = { order_id = "{Order}", customer_id = "{Customer}", amount = "{Total}", currency = "EUR" }
"""


def imported(
    folder: Path, text: str | bytes, *args: object, mapping: str = MAPPING, name: str = "orders.csv"
) -> Result:
    """The command's answer for a file of this text, with --dry-run."""
    file, rules = folder / name, folder / "m.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    rules.write_text(mapping)
    return run(file, "--mapping", rules, "--dry-run", *args)


def run(*args: object) -> Result:
    """The answer of `crmkpi import`."""
    return CliRunner().invoke(app, ["import", *map(str, args)])


def events(result: Result, code: int = 0) -> list[dict[str, Any]]:
    """What was printed, by a command that ended with this code."""
    assert result.exit_code == code, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def amounts(result: Result, code: int = 0) -> list[str]:
    """The amounts of the printed events."""
    return [event["data"]["amount"] for event in events(result, code)]
