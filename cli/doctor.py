"""`crmkpi doctor`: what is well and what is not, with the fix beside it."""

import asyncio

import typer

from cli.exits import DIFFERENT, EPILOG
from cli.flags import JsonFlag, KafkaFlag, RedisFlag, settings
from cli.root import app
from cli.term import cell, out, show_json
from ops.doctor import Check, machine, servers


@app.command(epilog=EPILOG)
def doctor(kafka: KafkaFlag = None, redis: RedisFlag = None, as_json: JsonFlag = False) -> None:
    """Look at this machine and at the servers of the settings. Exit code 1 when something is missing.

    Example: crmkpi doctor
    """
    checks = [*machine(), *asyncio.run(servers(settings(kafka, redis)))]
    if as_json:
        show_json([check._asdict() for check in checks])
    else:
        for check in checks:
            _print(check)
    if not all(check.ok for check in checks):
        raise typer.Exit(DIFFERENT)


def _print(check: Check) -> None:
    console = out()
    console.print(cell("ok     " if check.ok else "missing", "green" if check.ok else "red"), end=" ")
    console.print(cell(f"{check.name}: {' '.join(check.found.split())}"))
    if not check.ok:
        for line in check.fix.splitlines():
            console.print(cell(f"        {line}", "yellow"))
